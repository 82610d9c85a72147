//! Start and stop: whether the gateway can serve, and when it must end.

pub mod readiness;
pub mod signal;

pub use self::readiness::{Readiness, State};
