//! Middleware around every RPC, outermost first:
//!
//! ```text
//!   outcome     how the RPC ended, told exactly once, whoever ended it
//!   admission   no more RPCs at one time, and no more unread answers, than there is room for
//! ```

pub mod admission;
pub mod outcome;
