//! The settings of a breaker.

use std::time::Duration;

/// Settings of a breaker.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// It opens after so many failures in a row; 0 = it never opens.
    pub failures: u32,
    /// It opens, too, when half of the calls of this time have failed,
    pub window: Duration,
    /// if there were so many at least.
    pub least: u32,
    /// For how long it is open at first, give or take a fifth; twice as long each time that the call after it fails, too.
    pub pause: Duration,
    /// For how long it is open at most.
    pub max_pause: Duration,
    /// A call that its caller gave up counts as failed if it was waited for so long.
    pub patience: Duration,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(20),
            least: 20,
            pause: Duration::from_secs(5),
            max_pause: Duration::from_secs(60),
            patience: Duration::from_secs(3),
        }
    }
}
