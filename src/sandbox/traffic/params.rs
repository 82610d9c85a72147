//! How busy the customers of a generated world are.

use std::time::Duration;

/// How busy the customers are.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// New calls a minute, per customer. More than one a millisecond is not simulated; 0 is silence.
    pub calls_per_minute: f64,
    /// How long a call lasts once it is connected, on average.
    pub mean_duration: Duration,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            calls_per_minute: 12.0,
            mean_duration: Duration::from_secs(90),
        }
    }
}
