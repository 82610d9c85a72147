//! The breakers as a layer, and in the stack as the client has it. Time is paused.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::time::{Instant, advance, sleep};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::verdict::Verdict;
use super::*;
use crate::upstream::stack::{self, exchange, over};
use crate::upstream::{Error, Exchange, Kind, Lane, License, Transport};

const SECOND: Duration = Duration::from_secs(1);

/// An upstream that is well or refuses connections, and how many exchanges have reached it.
#[derive(Clone, Default)]
struct Upstream {
    is_down: Arc<AtomicBool>,
    reached: Arc<AtomicUsize>,
}

impl Upstream {
    fn stack(&self, params: &stack::Params) -> stack::Stack {
        let (is_down, reached) = (self.is_down.clone(), self.reached.clone());
        let http = service_fn(move |_: Exchange| {
            reached.fetch_add(1, Ordering::Relaxed);
            let is_down = is_down.load(Ordering::Relaxed);
            ready(if is_down {
                Err(Error::Connect("refused".into()))
            } else {
                let mut answer = Response::new(Bytes::from_static(b"License\nx\n"));
                let csv = http::HeaderValue::from_static("text/csv");
                answer.headers_mut().insert(http::header::CONTENT_TYPE, csv);
                Ok(answer)
            })
        });
        over(http, params, &crate::telemetry::metrics::nowhere())
    }

    fn reached(&self) -> usize {
        self.reached.swap(0, Ordering::Relaxed)
    }
}

fn license(name: &str) -> License {
    License::parse(name, "x", Transport::Routes).expect("a licence")
}

fn of(license_name: &str, lane: Lane) -> Exchange {
    Exchange {
        license: Some(license(license_name)),
        ..exchange(lane)
    }
}

async fn kind(stack: &stack::Stack, exchange: Exchange) -> Option<Kind> {
    let answer = stack.clone().oneshot(exchange).await;
    answer.err().map(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_fails_is_left_alone_and_found_again_when_it_is_well() {
    let upstream = Upstream::default();
    let stack = upstream.stack(&stack::Params::default());
    upstream.is_down.store(true, Ordering::Relaxed);
    // Offered are a hundred reads a second, for 25 s: until the third pause is in force, however long each is drawn.
    let mut open = 0;
    for _ in 0..25 {
        for _ in 0..100 {
            sleep(Duration::from_millis(10)).await;
            open += usize::from(kind(&stack, of("a", Lane::Call)).await == Some(Kind::BreakerOpen));
        }
    }
    // Five to open it, and one after each of the pauses that are over: 5 and 10 s.
    assert_eq!(upstream.reached(), 7);
    assert!(open > 2400, "{open} were refused");

    upstream.is_down.store(false, Ordering::Relaxed);
    let well = Instant::now();
    while kind(&stack, of("a", Lane::Call)).await.is_some() {
        sleep(Duration::from_millis(10)).await;
    }
    let after = well.elapsed();
    assert!(after <= Duration::from_secs(24), "{after:?}");
    assert_eq!(upstream.reached(), 1, "the one that was let through");
}

#[tokio::test(start_paused = true)]
async fn a_licence_has_a_breaker_of_its_own_and_the_probe_has_none() {
    let upstream = Upstream::default();
    let stack = upstream.stack(&stack::Params::default());
    upstream.is_down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_ne!(kind(&stack, of("a", Lane::Poll)).await, Some(Kind::BreakerOpen));
    }
    assert_eq!(kind(&stack, of("a", Lane::Call)).await, Some(Kind::BreakerOpen));
    upstream.reached();
    assert_eq!(kind(&stack, of("b", Lane::Poll)).await, Some(Kind::Unreachable));
    assert_eq!(kind(&stack, exchange(Lane::Probe)).await, Some(Kind::Unreachable));
    assert_eq!(upstream.reached(), 2);
}

#[tokio::test(start_paused = true)]
async fn polls_that_hang_leave_the_upstream_to_calls_and_calls_that_hang_do_not() {
    let hangs = service_fn(|_: Exchange| pending::<Result<(), Error>>());
    let breakers = Breakers::new(Params::default());
    let guard = GuardLayer(breakers.clone()).layer(hangs);
    for (lane, is_open) in [(Lane::Poll, false), (Lane::Call, true)] {
        for _ in 0..5 {
            let mut call = task::spawn(guard.clone().oneshot(of("a", lane)));
            assert_pending!(call.poll());
            advance(3 * SECOND).await;
            assert_pending!(call.poll());
        }
        let mut next = task::spawn(guard.clone().oneshot(of("a", Lane::Call)));
        assert_eq!(next.poll().is_ready(), is_open, "{lane:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_is_let_through_and_if_it_leaves_the_next() {
    let hangs = service_fn(|_: Exchange| pending::<Result<(), Error>>());
    let breakers = Breakers::new(Params::default());
    let guard = GuardLayer(breakers.clone()).layer(hangs);
    for _ in 0..5 {
        breakers.with(&license("a"), |breaker| {
            let now = Instant::now();
            let ticket = breaker.admit(now).expect("closed");
            breaker.end(ticket, Verdict::Fails(Kind::Elapsed), 1.0, now);
        });
    }
    advance(5 * SECOND).await;
    let call = || task::spawn(guard.clone().oneshot(of("a", Lane::Call)));
    let (mut first, mut second) = (call(), call());
    assert_pending!(first.poll());
    let error = assert_ready!(second.poll()).expect_err("one only");
    assert!(matches!(error, Error::BreakerOpen { retry_after, why: Kind::Elapsed } if retry_after <= SECOND));
    drop(first);
    let mut third = call();
    assert_pending!(third.poll());
}

#[tokio::test(start_paused = true)]
async fn one_that_never_opens_lets_all_through() {
    let upstream = Upstream::default();
    let mut params = stack::Params::default();
    params.breaker.failures = 0;
    params.retry.attempts = 1;
    let stack = upstream.stack(&params);
    upstream.is_down.store(true, Ordering::Relaxed);
    for _ in 0..50 {
        assert_eq!(kind(&stack, of("a", Lane::Call)).await, Some(Kind::Unreachable));
    }
}

/// An upstream that holds whatever reaches it, until it is told how to end them all.
fn held(reached: &Arc<AtomicUsize>, ends: &tokio::sync::watch::Sender<bool>) -> stack::Stack {
    let (reached, ends) = (reached.clone(), ends.subscribe());
    let http = service_fn(move |_: Exchange| {
        reached.fetch_add(1, Ordering::Relaxed);
        let mut ends = ends.clone();
        async move {
            let _ = ends.wait_for(|ends| *ends).await;
            Err(Error::Connect("reset".into()))
        }
    });
    let mut params = stack::Params {
        concurrency: 5,
        ..stack::Params::default()
    };
    params.retry.attempts = 1;
    over(http, &params, &crate::telemetry::metrics::nowhere())
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_place_are_not_sent_when_it_opens_meanwhile() {
    let (reached, ends) = (Arc::default(), tokio::sync::watch::channel(false).0);
    let stack = held(&reached, &ends);
    let mut calls: Vec<_> = (0..40)
        .map(|_| task::spawn(stack.clone().oneshot(of("a", Lane::Change))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    ends.send_replace(true);
    let mut refused = 0;
    for call in calls {
        let kind = call.await.expect_err("it fails").kind();
        refused += usize::from(kind == Kind::BreakerOpen);
    }
    assert_eq!((reached.load(Ordering::Relaxed), refused), (5, 35));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_place_only_to_be_refused() {
    let (reached, ends) = (Arc::default(), tokio::sync::watch::channel(false).0);
    let stack = held(&reached, &ends);
    let mut calls: Vec<_> = (0..5)
        .map(|_| task::spawn(stack.clone().oneshot(of("b", Lane::Change))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    // All places are taken, by calls of another licence: polls, which need none, open the breaker of this one.
    let mut polls: Vec<_> = (0..5)
        .map(|_| task::spawn(stack.clone().oneshot(of("a", Lane::Poll))))
        .collect();
    for poll in &mut polls {
        assert_pending!(poll.poll());
    }
    ends.send_replace(true);
    for poll in polls {
        assert!(poll.await.is_err());
    }
    let mut call = task::spawn(stack.clone().oneshot(of("a", Lane::Call)));
    let refused = assert_ready!(call.poll()).expect_err("at once");
    assert_eq!(refused.kind(), Kind::BreakerOpen);
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_change_is_looked_for_although_it_is_open() {
    let upstream = Upstream::default();
    let stack = upstream.stack(&stack::Params::default());
    upstream.is_down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        kind(&stack, of("a", Lane::Poll)).await;
    }
    upstream.is_down.store(false, Ordering::Relaxed);
    upstream.reached();
    assert_eq!(kind(&stack, of("a", Lane::Look)).await, None);
    assert_eq!(upstream.reached(), 1);
    // It is one customer's word, and no trial.
    for lane in [Lane::Call, Lane::Change, Lane::Poll] {
        assert_eq!(
            kind(&stack, of("a", lane)).await,
            Some(Kind::BreakerOpen),
            "{lane:?}"
        );
    }
    // When the pause is over it is as good a trial as any.
    advance(7 * SECOND).await;
    assert_eq!(kind(&stack, of("a", Lane::Look)).await, None);
    assert_eq!(kind(&stack, of("a", Lane::Call)).await, None);
}
