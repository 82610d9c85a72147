//! Retries in the stack as the client has it, over a function in the place of HTTP. Time is paused.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::StatusCode;
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::upstream::Deadline;
use crate::upstream::stack::exchange;

const SECOND: Duration = Duration::from_secs(1);

/// What an attempt meets, after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Good,
    Unreachable,
    Interrupted,
    Elapsed,
    /// A status, and how many seconds the upstream asks to wait.
    Status(u16, Option<u64>),
    BreakerOpen,
    Empty,
}

impl Fate {
    fn answer(self) -> Result<Response<Bytes>, Error> {
        let status = |code, kind, retry_after: Option<u64>| Error::Status {
            status: StatusCode::from_u16(code).expect("a status"),
            kind,
            csv: false,
            retry_after: retry_after.map(Duration::from_secs),
        };
        Err(match self {
            Self::Good => return Ok(Response::default()),
            Self::Unreachable => Error::Connect("refused".into()),
            Self::Interrupted => Error::Interrupted("cut".into()),
            Self::Elapsed => Error::Elapsed { within: SECOND },
            Self::Status(429, wait) => status(429, Kind::RateLimited, wait),
            Self::Status(504, wait) => status(504, Kind::Elapsed, wait),
            Self::Status(code, wait) => status(code, Kind::Unavailable, wait),
            Self::BreakerOpen => Error::BreakerOpen {
                retry_after: SECOND,
                why: Kind::Elapsed,
            },
            Self::Empty => Error::Empty,
        })
    }
}

/// How an exchange ended, and when each of its attempts was made, from its start on.
#[derive(Debug)]
struct Ended {
    told: Result<(), Error>,
    attempts: Vec<Duration>,
    after: Duration,
}

impl Ended {
    fn kind(&self) -> Option<Kind> {
        self.told.as_ref().err().map(Error::kind)
    }
}

/// Sends `exchange` to what answers by `fates` in turn, the last one again and again, each after `takes`.
async fn send(params: Params, exchange: Exchange, fates: &[Fate], takes: Duration) -> Ended {
    let started = Instant::now();
    let fates = Arc::new(Mutex::new(fates.iter().copied().collect::<VecDeque<_>>()));
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let made = attempts.clone();
    let upstream = service_fn(move |exchange: Exchange| {
        let mut made = made.lock().expect("whole");
        assert_eq!(
            made.len(),
            exchange.resend_count as usize,
            "it says how many went before"
        );
        made.push(started.elapsed());
        let mut fates = fates.lock().expect("whole");
        let fate = if fates.len() > 1 {
            fates.pop_front()
        } else {
            fates.front().copied()
        };
        async move {
            sleep(takes).await;
            fate.expect("one at least").answer()
        }
    });
    let told = retrying(params).layer(upstream).oneshot(exchange).await.map(drop);
    let attempts = attempts.lock().expect("whole").clone();
    let after = started.elapsed();
    Ended {
        told,
        attempts,
        after,
    }
}

fn retrying(params: Params) -> RetryLayer<Policy> {
    let meter = crate::telemetry::metrics::nowhere();
    layer(params, Arc::new(Metrics::new(&meter)), &meter)
}

fn read() -> Exchange {
    exchange(Lane::Call)
}

fn change() -> Exchange {
    Exchange {
        effect: Effect::Add,
        ..read()
    }
}

fn before(exchange: Exchange, left: Duration) -> Exchange {
    Exchange {
        deadline: Deadline::from(Some(Instant::now() + left)),
        ..exchange
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_the_moment_is_tried_again_until_it_is_well() {
    for fate in [
        Fate::Unreachable,
        Fate::Interrupted,
        Fate::Elapsed,
        Fate::Status(502, None),
        Fate::Status(503, None),
        Fate::Status(504, None),
        Fate::Status(429, Some(1)),
    ] {
        let ended = send(
            Params::default(),
            read(),
            &[fate, fate, Fate::Good],
            Duration::ZERO,
        )
        .await;
        assert!(ended.told.is_ok(), "{fate:?}: {:?}", ended.told);
        assert_eq!(ended.attempts.len(), 3, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_told_as_it_is() {
    for (fate, kind) in [
        (Fate::Empty, Kind::Empty),
        (Fate::BreakerOpen, Kind::BreakerOpen),
        (Fate::Status(429, None), Kind::RateLimited),
    ] {
        let ended = send(Params::default(), read(), &[fate], Duration::ZERO).await;
        assert_eq!((ended.kind(), ended.attempts.len()), (Some(kind), 1), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_sent_again_only_if_nothing_of_it_can_have_been_written() {
    let ended = send(
        Params::default(),
        change(),
        &[Fate::Unreachable, Fate::Good],
        Duration::ZERO,
    )
    .await;
    assert!(ended.told.is_ok() && ended.attempts.len() == 2, "{ended:?}");
    for fate in [
        Fate::Interrupted,
        Fate::Elapsed,
        Fate::Status(503, Some(0)),
        Fate::Status(429, Some(0)),
    ] {
        let ended = send(Params::default(), change(), &[fate, Fate::Good], Duration::ZERO).await;
        assert_eq!(ended.attempts.len(), 1, "{fate:?}");
        assert_eq!(
            ended.kind(),
            fate.answer().err().map(|error| error.kind()),
            "{fate:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn looks_polls_and_the_probe_are_never_tried_again() {
    for lane in [Lane::Look, Lane::Poll, Lane::Probe] {
        let ended = send(
            Params::default(),
            exchange(lane),
            &[Fate::Unreachable],
            Duration::ZERO,
        )
        .await;
        assert_eq!((ended.kind(), ended.attempts.len()), (Some(Kind::Unreachable), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_says_how_many_there_were_and_a_single_one_is_told_as_it_is() {
    let ended = send(Params::default(), read(), &[Fate::Interrupted], Duration::ZERO).await;
    let Err(Error::AttemptsExhausted { attempts: 3, last }) = ended.told else {
        panic!("{ended:?}");
    };
    assert_eq!(last.kind(), Kind::Interrupted);
    let never = Params {
        attempts: 1,
        ..Params::default()
    };
    let ended = send(never, read(), &[Fate::Interrupted], Duration::ZERO).await;
    assert_eq!((ended.kind(), ended.attempts.len()), (Some(Kind::Interrupted), 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_before_the_deadline_is_not_begun() {
    let busy = Fate::Status(503, Some(5));
    let ended = send(
        Params::default(),
        before(read(), 3 * SECOND),
        &[busy],
        Duration::ZERO,
    )
    .await;
    assert_eq!(
        (ended.kind(), ended.after),
        (Some(Kind::Unavailable), Duration::ZERO)
    );
    assert_eq!(
        ended.told.expect_err("503").retry_after(),
        Some(5 * SECOND),
        "the caller may wait longer than its call"
    );
    let fits = send(
        Params::default(),
        before(read(), 7 * SECOND),
        &[busy, Fate::Good],
        Duration::ZERO,
    )
    .await;
    assert!(fits.told.is_ok() && fits.after >= 5 * SECOND, "{fits:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_together_do_not_come_back_together() {
    let mut waits = std::collections::HashSet::new();
    for _ in 0..32 {
        let ended = send(
            Params::default(),
            read(),
            &[Fate::Unreachable, Fate::Good],
            Duration::ZERO,
        )
        .await;
        waits.insert(ended.attempts[1]);
    }
    assert!(waits.len() > 16, "{waits:?}");
}

/// A storm: everything fails, for a minute. What reaches the upstream is a fifth more than what was offered.
#[tokio::test(start_paused = true)]
async fn a_storm_is_not_made_worse() {
    const OFFERED: usize = 60 * 100;
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let reached = count.clone();
    let storm = retrying(Params::default()).layer(service_fn(move |_: Exchange| {
        reached.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::future::ready(Fate::Unreachable.answer())
    }));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..OFFERED {
        calls.spawn(storm.clone().oneshot(read()));
        sleep(SECOND / 100).await;
    }
    let mut told = std::collections::HashMap::<Kind, usize>::new();
    while let Some(ended) = calls.join_next().await {
        let error = ended.expect("no panic").expect_err("a storm");
        *told.entry(error.kind()).or_default() += 1;
    }
    let reached = count.load(std::sync::atomic::Ordering::Relaxed);
    // In the first second, and while the last calls end, the floor is more than the fifth.
    let most = OFFERED + OFFERED / 5 + 20;
    assert!(reached <= most, "{reached} of {OFFERED}");
    assert!(reached > OFFERED + OFFERED / 6, "{reached} of {OFFERED}");
    assert!(told[&Kind::RetryBudgetSpent] > OFFERED / 2, "{told:?}");
    let only = [Kind::RetryBudgetSpent, Kind::AttemptsExhausted];
    assert!(told.keys().all(|kind| only.contains(kind)), "{told:?}");
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Good),
        Just(Fate::Unreachable),
        Just(Fate::Interrupted),
        Just(Fate::Elapsed),
        (
            prop_oneof![Just(429), Just(502), Just(503), Just(504)],
            proptest::option::of(0..4_u64)
        )
            .prop_map(|(code, wait)| Fate::Status(code, wait)),
        Just(Fate::BreakerOpen),
        Just(Fate::Empty),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_attempts_are_few_in_time_and_never_of_what_may_have_happened(
        fates in proptest::collection::vec(fates(), 1..5),
        effect in prop_oneof![Just(Effect::Read), Just(Effect::Add), Just(Effect::Change)],
        left in proptest::option::of(0..8_000_u64),
        takes in 0..500_u64,
        attempts in 1..5_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (params, takes) = (Params { attempts, ..Params::default() }, Duration::from_millis(takes));
            let left = left.map(Duration::from_millis);
            let deadline = Deadline::from(left.map(|left| Instant::now() + left));
            let ended = send(params, Exchange { effect, deadline, ..read() }, &fates, takes).await;
            let made = ended.attempts.len();
            assert!(made >= 1 && made <= attempts as usize);
            let met = |attempt: usize| fates[attempt.min(fates.len() - 1)];
            for (attempt, resends) in (1..made).zip(0..) {
                let before = met(attempt - 1);
                let waited = ended.attempts[attempt].saturating_sub(ended.attempts[attempt - 1] + takes);
                let (asked, longest) = match before {
                    Fate::Status(_, asked) => (asked, SECOND),
                    _ => (None, SECOND),
                };
                let asked = Duration::from_secs(asked.unwrap_or(0));
                let doubled = params.backoff * 2_u32.pow(resends);
                // The clock of the runtime ticks in milliseconds.
                let most = asked + doubled.min(longest) + Duration::from_millis(2);
                assert!(waited >= asked && waited <= most, "{waited:?} after {before:?}");
                assert!(left.is_none_or(|left| ended.attempts[attempt] < left), "an attempt after the deadline");
                assert!(effect == Effect::Read || before == Fate::Unreachable, "a change after {before:?}");
                assert!(!matches!(before, Fate::Good | Fate::BreakerOpen | Fate::Empty | Fate::Status(429, None)));
            }
            let last = met(made - 1);
            match (&ended.told, last.answer()) {
                (Ok(()), Ok(_)) => {}
                (Err(Error::AttemptsExhausted { attempts: told, last }), Err(error)) => {
                    assert!(*told == attempts && attempts > 1 && made == attempts as usize);
                    assert_eq!(last.kind(), error.kind());
                }
                (Err(told), Err(error)) => {
                    assert_eq!(told.kind(), error.kind());
                    // As it is: it could not be tried again, for one reason or another.
                    let momentary = match (effect, last) {
                        (_, Fate::Good | Fate::BreakerOpen | Fate::Empty | Fate::Status(429, None)) => false,
                        (Effect::Read, _) | (_, Fate::Unreachable) => true,
                        _ => false,
                    };
                    let asked = told.retry_after().unwrap_or_default();
                    let fits = left.is_none_or(|left| ended.after + asked + 2 * SECOND < left);
                    assert!(!(momentary && fits && made < attempts as usize), "given up early: {ended:?}");
                }
                other => panic!("{other:?}"),
            }
        });
    }
}
