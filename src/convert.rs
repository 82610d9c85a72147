//! From the upstream's types to the contract's: plain functions, exhaustive by destructuring.
//!
//! A member that appears in the wire types and is not passed on, or passed on to nowhere, does not compile.

mod active_call;
mod extension;
mod extension_status;
mod key;
mod time;

pub use self::active_call::to_active_calls;
pub use self::extension::to_extension;
pub use self::extension_status::to_extension_status;
pub use self::time::{now, to_timestamp};
