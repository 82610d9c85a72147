//! Durations on the command line.

/// A duration such as `5s`, `1m 30s` or `250ms`.
pub type Time = humantime::Duration;
