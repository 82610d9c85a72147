//! Start and stop: whether the gateway can serve, and the signals that end it.

pub mod readiness;
pub mod signal;

pub use self::readiness::{Readiness, State};
