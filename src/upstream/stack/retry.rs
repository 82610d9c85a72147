//! Tries again what failed for the moment: reads, a few times, while not too much fails.

use std::time::Duration;

/// Settings of retries.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// How many attempts a call has: 1 = it is never tried again.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each that follows. What is waited is drawn from it.
    pub backoff: Duration,
    /// The longest wait before any attempt, if the upstream does not ask for more.
    pub max_backoff: Duration,
    /// The part of all calls that may be tried again.
    pub budget: f32,
    /// How many may be tried again in a second, however few calls there are.
    pub floor: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            budget: 0.2,
            floor: 10,
        }
    }
}
