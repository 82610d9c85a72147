//! Start and stop: whether the gateway can serve, the requests to stop, and the signals that make them.

pub mod readiness;
pub mod shutdown;
pub mod signal;

pub use self::readiness::{Readiness, State};
pub use self::shutdown::Shutdown;
