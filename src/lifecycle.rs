//! Start and stop: whether the gateway can serve, and the signals that end it.

pub mod asked;
mod last_served;
pub mod params;
pub mod readiness;
pub mod signal;
mod trouble;
mod verdict;

pub use self::asked::Asked;
pub use self::params::Params;
pub use self::readiness::{Readiness, State};
