//! Whether the gateway can serve: a latch that starts shut, opens when the upstream answers, and drops when the
//! upstream is gone or the gateway is to stop.
//!
//! ```text
//!              ┌── answered ──▶ Ready ◀───────────┐
//!   Starting ──┤                  │ unanswered    │ answered
//!              └── unanswered ────┴──▶ NotReady ──┘
//!
//!   any ── drain ──▶ Draining, for good
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

/// Whether the gateway can serve, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There has been neither an answer nor a failed probe yet.
    Starting,
    /// The upstream answers.
    Ready,
    /// The upstream does not answer; the text is an `error.type`.
    NotReady(&'static str),
    /// The gateway is stopping.
    Draining,
}

/// The latch. Clones share it.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: watch::Sender<State>,
    created: Instant,
    /// When the upstream last answered, in milliseconds since `created`; a call is too frequent for a lock.
    answered: AtomicU64,
}

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(Shared {
            state: watch::Sender::new(State::Starting),
            created: Instant::now(),
            answered: AtomicU64::new(0),
        }))
    }
}

impl Readiness {
    /// The upstream has answered a call or the probe.
    pub fn answered(&self) {
        let elapsed = self.0.created.elapsed().as_millis();
        self.0
            .answered
            .store(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
        // A shared read first: `send_if_modified` takes the write lock, and nearly always there is nothing to change.
        if *self.0.state.borrow() != State::Ready && self.set(State::Ready) {
            info!("ready: the upstream answers");
        }
    }

    /// What was asked at `asked` got no answer, for the reason given as an `error.type`. True if the state changed by that:
    /// not if something else has been answered since.
    #[must_use = "a change is to be logged with its cause"]
    pub fn unanswered(&self, why: &'static str, asked: Instant) -> bool {
        self.silence() >= asked.elapsed() && self.set(State::NotReady(why))
    }

    /// The gateway is stopping. There is no way back.
    pub fn drain(&self) {
        self.set(State::Draining);
    }

    /// For how long the upstream has not answered anything; since the start if it never has.
    #[must_use]
    pub fn silence(&self) -> Duration {
        let answered = Duration::from_millis(self.0.answered.load(Ordering::Relaxed));
        self.0.created.elapsed().saturating_sub(answered)
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

    fn set(&self, to: State) -> bool {
        self.0.state.send_if_modified(|state| {
            let changed = *state != State::Draining && *state != to;
            if changed {
                *state = to;
            }
            changed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_shut_and_opens_with_the_first_answer() {
        let readiness = Readiness::default();
        assert_eq!(readiness.state(), State::Starting);
        readiness.answered();
        assert_eq!(readiness.state(), State::Ready);
        assert!(readiness.unanswered("unreachable", Instant::now()));
        assert_eq!(readiness.state(), State::NotReady("unreachable"));
        readiness.answered();
        assert_eq!(readiness.state(), State::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_answered_since_counts_more_than_what_was_not() {
        let readiness = Readiness::default();
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(3)).await;
        readiness.answered();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!readiness.unanswered("elapsed", asked));
        assert_eq!(readiness.state(), State::Ready);
        assert!(readiness.unanswered("elapsed", Instant::now()));
    }

    #[test]
    fn draining_is_for_good() {
        let readiness = Readiness::default();
        readiness.drain();
        readiness.answered();
        assert!(!readiness.unanswered("unreachable", Instant::now()));
        assert_eq!(readiness.state(), State::Draining);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_last_answer() {
        let readiness = Readiness::default();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(readiness.silence(), Duration::from_secs(7));
        readiness.answered();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(readiness.silence(), Duration::from_secs(2));
    }
}
