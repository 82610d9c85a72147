//! Start and stop: whether the gateway can serve, the requests to stop, the signals that make them, and the streams that it
//! may have to end.

pub mod asked;
mod last_served;
pub mod metrics;
pub mod params;
pub mod readiness;
pub mod shutdown;
pub mod signal;
pub mod stream;
mod trouble;
mod verdict;

pub use self::asked::Asked;
pub use self::params::Params;
pub use self::readiness::{Readiness, State};
pub use self::shutdown::Shutdown;
pub use self::stream::{ConnectionId, Stream};
