//! What to watch, and how.

use std::time::Duration;

/// The gateway clamps heartbeats to these bounds. Clamping them here as well tells how much silence to expect.
const MIN_HEARTBEAT: Duration = Duration::from_secs(1);
const MAX_HEARTBEAT: Duration = Duration::from_secs(60);

/// Whose calls to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The customer.
    pub i_customer: i64,
    /// Only calls of these products; empty = all.
    pub product_ids: Vec<String>,
}

impl Query {
    /// All calls of a customer.
    #[must_use]
    pub fn customer(i_customer: i64) -> Self {
        Self {
            i_customer,
            product_ids: Vec::new(),
        }
    }
}

/// How to watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// After how much quiet the gateway sends a sign of life: 1 s to 60 s, clamped.
    pub heartbeat: Duration,
    /// How many times the announced quiet means that the connection is dead.
    pub silence_factor: f64,
    /// The gateway ends the stream when its state is older, which shows as [`Freshness::Away`]; zero = it keeps the
    /// stream and says that the state is stale.
    ///
    /// [`Freshness::Away`]: super::Freshness::Away
    pub max_staleness: Duration,
    /// The wait after a first break. It doubles with each break in a row, and each wait is shortened by up to half.
    pub first_delay: Duration,
    /// The longest such wait.
    pub longest_delay: Duration,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            silence_factor: 2.5,
            max_staleness: Duration::ZERO,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(15),
        }
    }
}

impl Params {
    /// The heartbeat as the gateway will keep it.
    pub(super) fn heartbeat(&self) -> Duration {
        self.heartbeat.clamp(MIN_HEARTBEAT, MAX_HEARTBEAT)
    }

    /// How long to wait for the next message when one is to come within `next_within`.
    pub(super) fn patience(&self, next_within: Duration) -> Duration {
        // No gateway promises an hour; the bound is here so that no number can overflow a timer.
        let next_within = next_within.clamp(MIN_HEARTBEAT, Duration::from_secs(3600));
        next_within.mul_f64(self.silence_factor.clamp(1.0, 100.0))
    }
}
