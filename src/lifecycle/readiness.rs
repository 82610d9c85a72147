//! Whether the gateway can serve: a latch that starts shut, opens when the upstream shows that it is there, and drops when
//! the upstream is gone, fails all calls, or the gateway is to stop.
//!
//! ```text
//!              ┌── page ──▶ Ready ◀──────────────────┐
//!   Starting ──┤              │ no page              │ page, once it has cooled down
//!              │              │ trouble with calls   │ a call is served
//!              └── no page ───┴──▶ NotReady ─────────┘
//!
//!   any ── drain ──▶ Draining, for good
//! ```
//!
//! The page is the probe's question. It tells little of the calls, so these tell for themselves ([`Asked`](super::Asked)),
//! and what is trouble is decided in one place (`lifecycle::trouble`). Nobody calls a gateway that is not ready: after trouble
//! the page opens the latch again, for as long as calls do not fail as before. A breaker, which knows of each call too, will
//! have its place beside them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::last_served::LastServed;
use super::params::Params;
use super::trouble::{Failure, Served, Trouble};

/// Whether the gateway can serve, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There has been neither an answer nor a failed probe yet.
    Starting,
    /// The upstream serves.
    Ready,
    /// The upstream does not serve; the text is an `error.type`.
    NotReady(&'static str),
    /// The gateway is stopping.
    Draining,
}

/// The latch. Clones share it.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    params: Params,
    state: watch::Sender<State>,
    created: Instant,
    /// When the page last came, in milliseconds since `created`.
    paged: AtomicU64,
    /// A call is too frequent for a lock.
    served: LastServed,
    calls: Mutex<Calls>,
}

/// What failed calls have come to.
#[derive(Debug, Default)]
struct Calls {
    trouble: Trouble,
    /// When they turned readiness, and why.
    turned: Option<(Instant, &'static str)>,
    /// When the latch last opened. A call from before says no more than one that was made then.
    opened: Option<Instant>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new(Params::default())
    }
}

impl Readiness {
    /// A latch that is shut.
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self(Arc::new(Shared {
            params,
            state: watch::Sender::new(State::Starting),
            created: Instant::now(),
            paged: AtomicU64::new(0),
            served: LastServed::default(),
            calls: Mutex::default(),
        }))
    }

    pub(super) fn params(&self) -> &Params {
        &self.0.params
    }

    /// The upstream has served a call of `customer`.
    pub(super) fn served(&self, customer: i32) {
        self.0.served.note(customer, self.now());
        // A shared read first: changing takes the write lock, and nearly always there is nothing to change.
        if self.state() != State::Ready {
            self.open(&mut self.calls());
        }
    }

    /// A call has failed, or has not been answered for long. `why` is an `error.type`.
    pub(super) fn failed(&self, failure: Failure, why: &'static str) {
        let mut calls = self.calls();
        let now = Instant::now();
        let (last, to_another) = self.0.served.except(failure.customer);
        let at = |milliseconds| self.0.created + Duration::from_millis(milliseconds);
        let served = Served {
            last: last.map(at),
            to_another: to_another.map(at),
        };
        let asked = calls
            .opened
            .map_or(failure.asked, |opened| failure.asked.max(opened));
        let failure = Failure { asked, ..failure };
        let is_trouble = calls.trouble.fail(failure, served, self.params(), now);
        // Looked at once more while the state is locked: a call that was served meanwhile may have seen it ready, and then
        // does not open it.
        let still = |state| state == State::Ready && self.0.served.except(failure.customer).0 == last;
        if is_trouble && self.set_if(State::NotReady(why), still) {
            calls.turned = Some((now, why));
            warn!(
                state = "not_ready",
                error.r#type = why,
                "not ready: calls to the upstream fail, whoever makes them"
            );
        }
    }

    /// The published page has come.
    pub fn paged(&self) {
        self.0.paged.store(self.now(), Ordering::Relaxed);
        if self.state() == State::Ready {
            return;
        }
        let mut calls = self.calls();
        match calls.turned {
            Some((at, why)) if at.elapsed() < self.params().cool_down => {
                self.set(State::NotReady(why));
            }
            _ => self.open(&mut calls),
        }
    }

    /// The published page that was asked for at `asked` has not come, for the reason given as an `error.type`. True if the
    /// state changed by that: not if a call has been served since.
    #[must_use = "a change is to be logged with its cause"]
    pub fn not_paged(&self, why: &'static str, asked: Instant) -> bool {
        self.set_if(State::NotReady(why), |_| self.silence() >= asked.elapsed())
    }

    /// The gateway is stopping. There is no way back.
    pub fn drain(&self) {
        self.set(State::Draining);
    }

    /// For how long the upstream has neither served a call nor shown its page; since the start if it never has.
    #[must_use]
    pub fn silence(&self) -> Duration {
        let last = self.0.paged.load(Ordering::Relaxed).max(self.0.served.last());
        let last = Duration::from_millis(last);
        self.0.created.elapsed().saturating_sub(last)
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> State {
        *self.0.state.borrow()
    }

    /// Follows the state.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// Milliseconds since `created`.
    fn now(&self) -> u64 {
        u64::try_from(self.0.created.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Opens the latch. What failed before says nothing any more.
    fn open(&self, calls: &mut Calls) {
        *calls = Calls {
            opened: Some(Instant::now()),
            ..Calls::default()
        };
        if self.set(State::Ready) {
            info!(state = "ready", "ready: the upstream answers");
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, to: State) -> bool {
        self.set_if(to, |_| true)
    }

    /// `may` is asked with the state locked, and must not look at it by itself.
    fn set_if(&self, to: State, may: impl Fn(State) -> bool) -> bool {
        self.0.state.send_if_modified(|state| {
            let changed = *state != State::Draining && *state != to && may(*state);
            if changed {
                *state = to;
            }
            changed
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A call of a customer fails now.
    fn fail(readiness: &Readiness, customer: i32) {
        let asked = Instant::now();
        readiness.failed(Failure { asked, customer }, "unavailable");
    }

    /// After how many seconds calls of these customers, one each second, turn readiness; within two minutes.
    async fn turns_after(readiness: &Readiness, customers: impl IntoIterator<Item = i32>) -> Option<u64> {
        for (second, customer) in (0..120).zip(customers) {
            fail(readiness, customer);
            if readiness.state() != State::Ready {
                return Some(second);
            }
            advance(SECOND).await;
        }
        None
    }

    #[test]
    fn starts_shut_and_opens_with_the_page() {
        let readiness = Readiness::default();
        assert_eq!(readiness.state(), State::Starting);
        readiness.paged();
        assert_eq!(readiness.state(), State::Ready);
        assert!(readiness.not_paged("unreachable", Instant::now()));
        assert_eq!(readiness.state(), State::NotReady("unreachable"));
        readiness.paged();
        assert_eq!(readiness.state(), State::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_was_served_since_counts_more_than_a_page_that_did_not_come() {
        let readiness = Readiness::default();
        let asked = Instant::now();
        advance(3 * SECOND).await;
        readiness.served(1);
        advance(SECOND).await;
        assert!(!readiness.not_paged("elapsed", asked));
        assert_eq!(readiness.state(), State::Ready);
        assert!(readiness.not_paged("elapsed", Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn draining_is_for_good() {
        let readiness = Readiness::default();
        readiness.drain();
        readiness.paged();
        readiness.served(1);
        assert!(!readiness.not_paged("unreachable", Instant::now()));
        assert_eq!(turns_after(&readiness, [1; 30]).await, Some(0));
        assert_eq!(readiness.state(), State::Draining);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_last_page_or_call() {
        let readiness = Readiness::default();
        advance(7 * SECOND).await;
        assert_eq!(readiness.silence(), 7 * SECOND);
        readiness.paged();
        advance(2 * SECOND).await;
        assert_eq!(readiness.silence(), 2 * SECOND);
        readiness.served(1);
        assert_eq!(readiness.silence(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_fail_turn_it_though_the_page_comes() {
        let readiness = Readiness::default();
        for second in 0..=10 {
            readiness.paged();
            assert_eq!(readiness.state(), State::Ready, "after {second} s");
            fail(&readiness, 1);
            advance(SECOND).await;
        }
        assert_eq!(readiness.state(), State::NotReady("unavailable"));
        readiness.served(2);
        assert_eq!(readiness.state(), State::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn after_trouble_the_page_opens_it_when_it_has_cooled_down_and_calls_are_judged_anew() {
        let readiness = Readiness::default();
        readiness.paged();
        for _ in 0..3 {
            assert_eq!(turns_after(&readiness, [1; 30]).await, Some(10));
            advance(29 * SECOND).await;
            readiness.paged();
            assert_eq!(readiness.state(), State::NotReady("unavailable"));
            advance(SECOND).await;
            readiness.paged();
            assert_eq!(readiness.state(), State::Ready);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_reason_is_the_pages_while_it_does_not_come_either() {
        let readiness = Readiness::default();
        readiness.paged();
        turns_after(&readiness, [1; 30]).await;
        assert!(readiness.not_paged("unreachable", Instant::now()));
        turns_after(&readiness, [1; 30]).await;
        assert_eq!(readiness.state(), State::NotReady("unreachable"), "told once");
        readiness.paged();
        assert_eq!(readiness.state(), State::NotReady("unavailable"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_customers_failures_do_not_turn_it_for_another_that_is_served() {
        let readiness = Readiness::default();
        readiness.paged();
        readiness.served(2);
        advance(SECOND).await;
        assert_eq!(turns_after(&readiness, [1; 60]).await, None);
        assert!(turns_after(&readiness, [1, 2].repeat(15)).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_from_before_it_opened_do_not_turn_it_at_once() {
        for (waited, calls) in [(13, 1), (11, 3)] {
            let readiness = Readiness::default();
            let asked = Instant::now();
            advance(waited * SECOND).await;
            readiness.paged();
            advance(SECOND / 10).await;
            for _ in 0..calls {
                readiness.failed(Failure { asked, customer: 1 }, "elapsed");
            }
            assert_eq!(readiness.state(), State::Ready, "{calls} of {waited} s");
            assert_eq!(turns_after(&readiness, [1; 30]).await, Some(10), "they do count");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_served_while_another_fails_keeps_it_ready() {
        let readiness = Readiness::default();
        readiness.paged();
        for _ in 0..10 {
            fail(&readiness, 1);
            advance(SECOND).await;
        }
        // The call that is served looks at the state, which is ready, so it is done.
        let looked_at = readiness.0.state.borrow();
        assert_eq!(*looked_at, State::Ready);
        let runtime = tokio::runtime::Handle::current();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _clock = runtime.enter();
                fail(&readiness, 1);
            });
            while readiness.0.calls.try_lock().is_ok() {
                std::thread::yield_now();
            }
            readiness.0.served.note(1, readiness.now());
            drop(looked_at);
        });
        assert_eq!(readiness.state(), State::Ready);
    }
}
