//! How soon the failures of calls count as the upstream's trouble (`docs/adr/0014`).

use std::time::Duration;

/// Settings of readiness. With the defaults an upstream that fails all calls is noticed within 15 s, and one call that
/// takes 12 s is not.
#[derive(Clone, Debug)]
pub struct Params {
    /// How long nothing but failures is trouble, if there were enough of them.
    pub lasts: Duration,
    /// How many are enough.
    pub failures: u32,
    /// How long nothing but failures is trouble, however few; a call without an answer for as long counts as one.
    pub hangs: Duration,
    /// How long an answer must have been waited for, if a call that is given up earlier is to say anything.
    pub patience: Duration,
    /// After how long without failures the earlier ones say nothing any more.
    pub forgets: Duration,
    /// How long ago another customer may have been served for one customer's failures to be its own.
    pub remembers: Duration,
    /// For how long calls that failed keep the gateway from being ready, if no other call is served and the published
    /// page comes. Then it is ready, and calls show again.
    pub cool_down: Duration,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(10),
            failures: 3,
            hangs: Duration::from_secs(13),
            patience: Duration::from_secs(2),
            forgets: Duration::from_secs(15),
            remembers: Duration::from_secs(300),
            cool_down: Duration::from_secs(30),
        }
    }
}
