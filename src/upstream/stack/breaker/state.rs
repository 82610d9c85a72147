//! One breaker: a state machine in data, without clock and chance.
//!
//! ```text
//!            failures in a row, or half of the window
//!   closed ─────────────────────────────────────────────▶ open, for a pause
//!     ▲                                                    │ the pause is over, and somebody calls
//!     │             it serves                              ▼
//!     └────────────────────────────────────────────── half-open: one call at a time
//!                                                          │ it fails
//!                                                          └─────▶ open, for twice as long
//! ```
//!
//! Calls that were let through before a turn do not count after it.

use std::time::Duration;

use tokio::time::Instant;

use super::params::Params;
use super::verdict::Verdict;
use crate::upstream::stack::window::Window;
use crate::upstream::{Error, Kind};

/// When to call again while the one call that is let through is under way: nobody knows when it ends.
const WHILE_TRIED: Duration = Duration::from_secs(1);

/// The names of the states.
pub(super) const STATES: [&str; 3] = ["closed", "open", "half_open"];

/// The breaker of one upstream and licence.
#[derive(Debug)]
pub(super) struct Breaker {
    params: Params,
    state: State,
    served: Window,
    failed: Window,
    /// How often it has turned: what was let through under another number does not count.
    turn: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
        why: Kind,
    },
    HalfOpen {
        is_tried: bool,
        pause: Duration,
        why: Kind,
    },
}

/// It is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// How long until a call may be let through.
    pub(super) retry_after: Duration,
    /// How the last call failed.
    pub(super) why: Kind,
}

/// The right to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    turn: u64,
}

/// How the breaker has turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// It is open now.
    Open { pause: Duration, why: Kind },
    /// The call that was let through failed.
    OpenAgain { pause: Duration, why: Kind },
    /// It is closed now.
    Closed,
}

// === impl Breaker ===

impl Breaker {
    /// A closed one.
    pub(super) fn new(params: Params) -> Self {
        Self {
            params,
            state: State::Closed { failures: 0 },
            served: Window::new(params.window),
            failed: Window::new(params.window),
            turn: 0,
        }
    }

    /// The name of the state that it is in, one of [`STATES`]. An open one stays so until somebody calls.
    pub(super) fn state(&self) -> &'static str {
        let [closed, open, half_open] = STATES;
        match self.state {
            State::Closed { .. } => closed,
            State::Open { .. } => open,
            State::HalfOpen { .. } => half_open,
        }
    }

    /// Whether a call would be refused now.
    pub(super) fn is_open(&self, now: Instant) -> Option<Open> {
        let (retry_after, why) = match self.state {
            State::Open { until, why, .. } if now < until => (until - now, why),
            State::HalfOpen {
                is_tried: true, why, ..
            } => (WHILE_TRIED, why),
            State::Closed { .. } | State::Open { .. } | State::HalfOpen { .. } => return None,
        };
        Some(Open { retry_after, why })
    }

    /// Lets a call through.
    ///
    /// # Errors
    ///
    /// [`Open`] if it does not.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Ticket, Open> {
        if let Some(open) = self.is_open(now) {
            return Err(open);
        }
        if let State::Open { pause, why, .. } | State::HalfOpen { pause, why, .. } = self.state {
            self.turn += 1;
            let is_tried = true;
            self.state = State::HalfOpen { is_tried, pause, why };
        }
        Ok(Ticket { turn: self.turn })
    }

    /// The call of `ticket` has ended. `jitter` stretches the pause that may begin, around 1.
    pub(super) fn end(
        &mut self,
        ticket: Ticket,
        verdict: Verdict,
        jitter: f64,
        now: Instant,
    ) -> Option<Turned> {
        if ticket.turn != self.turn {
            return None;
        }
        match (self.state, verdict) {
            (State::Closed { .. }, Verdict::Serves) => {
                self.served.add(now);
                self.state = State::Closed { failures: 0 };
                None
            }
            (State::Closed { failures }, Verdict::Fails(why)) => {
                self.failed.add(now);
                let failures = failures + 1;
                let failed = self.failed.sum(now);
                let calls = self.served.sum(now) + failed;
                let half_failed = calls >= self.params.least && failed >= calls.div_ceil(2);
                if failures < self.params.failures && !half_failed {
                    self.state = State::Closed { failures };
                    return None;
                }
                let pause = self.open(self.params.pause, why, jitter, now);
                Some(Turned::Open { pause, why })
            }
            (State::HalfOpen { .. }, Verdict::Serves) => {
                self.turn += 1;
                self.served.clear();
                self.failed.clear();
                self.state = State::Closed { failures: 0 };
                Some(Turned::Closed)
            }
            (State::HalfOpen { pause, .. }, Verdict::Fails(why)) => {
                let pause = self.open((pause * 2).min(self.params.max_pause), why, jitter, now);
                Some(Turned::OpenAgain { pause, why })
            }
            (State::HalfOpen { pause, why, .. }, Verdict::Nothing) => {
                // The next one is let through instead.
                let is_tried = false;
                self.state = State::HalfOpen { is_tried, pause, why };
                None
            }
            (State::Closed { .. }, Verdict::Nothing) | (State::Open { .. }, _) => None,
        }
    }

    fn open(&mut self, pause: Duration, why: Kind, jitter: f64, now: Instant) -> Duration {
        self.turn += 1;
        let jittered = pause.mul_f64(jitter);
        let until = now + jittered;
        self.state = State::Open { until, pause, why };
        jittered
    }
}

// === impl Open ===

impl From<Open> for Error {
    fn from(Open { retry_after, why }: Open) -> Self {
        Self::BreakerOpen { retry_after, why }
    }
}

#[cfg(test)]
mod tests;
