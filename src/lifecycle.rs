//! Start and stop: whether the gateway can serve, the signals that end it, and the streams that it may have to end.

pub mod readiness;
pub mod signal;
pub mod stream;

pub use self::readiness::{Readiness, State};
pub use self::stream::{ConnectionId, Stream};
