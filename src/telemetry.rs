//! What the gateway tells of itself: the log.
//!
//! No line and no span holds the licence, a URL with values, or a text of the upstream. That is ensured at the
//! source: the types that hold them hide them, and errors carry none.

mod chain;
pub mod log;
mod within;

pub use self::chain::Chain;
pub use self::within::within;
