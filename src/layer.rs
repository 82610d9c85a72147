//! Middleware around every RPC, outermost first:
//!
//! ```text
//!   outcome   how the RPC ended, told exactly once, whoever ended it
//! ```

pub mod outcome;
