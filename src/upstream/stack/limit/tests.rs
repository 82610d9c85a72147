//! The limit over a function in the place of what is below. Time is paused.

use std::future::pending;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};
use tower::service_fn;

use super::*;
use crate::upstream::Kind;
use crate::upstream::stack::exchange;

const SECOND: Duration = Duration::from_secs(1);

/// A limit of so many over what never answers, and a call of it until `deadline`.
macro_rules! call {
    ($limit:expr, $lane:expr, $deadline:expr) => {
        task::spawn($limit.clone().oneshot(Exchange {
            deadline: $deadline,
            ..exchange($lane)
        }))
    };
}

fn within(time: Duration) -> Deadline {
    Deadline::from(Some(Instant::now() + time))
}

#[tokio::test(start_paused = true)]
async fn who_has_no_place_is_not_sent_and_waits_no_longer_than_until_the_deadline() {
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = sent.clone();
    let hangs = service_fn(move |_: Exchange| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        pending::<Result<(), Error>>()
    });
    let limit = LimitLayer::new(1).layer(hangs);
    let mut first = call!(limit, Lane::Call, Deadline::default());
    assert_pending!(first.poll());
    let mut second = call!(limit, Lane::Call, within(SECOND));
    assert_pending!(second.poll());
    advance(Duration::from_millis(999)).await;
    assert_pending!(second.poll());
    advance(Duration::from_millis(2)).await;
    let error = assert_ready!(second.poll()).expect_err("no place");
    assert_eq!(error.kind(), Kind::Expired);
    assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_its_holder_has_ended_or_left() {
    let hangs = service_fn(|_: Exchange| pending::<Result<(), Error>>());
    let limit = LimitLayer::new(1).layer(hangs);
    let mut first = call!(limit, Lane::Call, Deadline::default());
    assert_pending!(first.poll());
    let mut second = call!(limit, Lane::Call, Deadline::default());
    assert_pending!(second.poll());
    assert_eq!(limit.places.available_permits(), 0);
    drop(first);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    drop(second);
    assert_eq!(limit.places.available_permits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_as_soon_as_there_is_an_answer() {
    let (tell, told) = oneshot::channel::<()>();
    let told = Arc::new(std::sync::Mutex::new(Some(told)));
    let answers = service_fn(move |_: Exchange| {
        let told = told.lock().expect("whole").take();
        async move {
            told.expect("asked once").await.expect("it is told");
            Ok::<_, Error>(())
        }
    });
    let mut limit = LimitLayer::new(1).layer(answers);
    let mut call = task::spawn(limit.call(exchange(Lane::Call)));
    assert_pending!(call.poll());
    tell.send(()).expect("it is awaited");
    assert_ready!(call.poll()).expect("an answer");
    assert_eq!(
        limit.places.available_permits(),
        1,
        "although the call is still held"
    );
}

#[tokio::test(start_paused = true)]
async fn polls_and_the_probe_take_no_place() {
    let hangs = service_fn(|_: Exchange| pending::<Result<(), Error>>());
    let limit = LimitLayer::new(1).layer(hangs);
    for lane in [Lane::Poll, Lane::Probe] {
        let mut call = call!(limit, lane, Deadline::default());
        assert_pending!(call.poll());
        assert_eq!(limit.places.available_permits(), 1, "{lane:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_put_off_meanwhile_is_waited_for() {
    let hangs = service_fn(|_: Exchange| pending::<Result<(), Error>>());
    let limit = LimitLayer::new(1).layer(hangs);
    let mut first = call!(limit, Lane::Call, Deadline::default());
    assert_pending!(first.poll());
    let deadline = Deadline::shared(Some(Instant::now() + SECOND));
    let mut second = call!(limit, Lane::Call, deadline.clone());
    assert_pending!(second.poll());
    deadline.join(Some(Instant::now() + 3 * SECOND));
    advance(2 * SECOND).await;
    assert_pending!(second.poll());
    advance(2 * SECOND).await;
    assert_eq!(
        assert_ready!(second.poll()).expect_err("no place").kind(),
        Kind::Expired
    );
}
