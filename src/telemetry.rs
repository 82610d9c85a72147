//! What the gateway tells of itself: the log, metrics and traces.
//!
//! No line, no span and no label holds the licence, a URL with values, or a text of the upstream. That is ensured at the
//! source: the types that hold them hide them, and errors carry none.

mod asking_time;
mod chain;
mod collector;
pub mod log;
pub mod metrics;
pub mod names;
#[cfg(test)]
mod tests;
mod trace_context;
pub mod traces;
mod within;

pub use self::asking_time::{AskingTime, UnderWay};
pub use self::chain::Chain;
pub use self::collector::Collector;
#[cfg(test)]
pub(crate) use self::tests::Written;
pub use self::trace_context::TraceContext;
pub use self::within::within;
