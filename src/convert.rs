//! From the upstream's types to the contract's: plain functions, exhaustive by destructuring.
//!
//! A member of the wire types that is not named here does not compile; one that is named and not used is a warning,
//! which the gate refuses.

mod active_call;
mod extension;
mod extension_status;
mod key;
mod time;

pub use self::active_call::{Legs, to_active_calls};
pub use self::extension::to_extension;
pub use self::extension_status::to_extension_status;
pub use self::time::{now, to_timestamp};
