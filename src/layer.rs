//! Middleware around every RPC, outermost first:
//!
//! ```text
//!   outcome       how the RPC ended, told exactly once, cancellation included
//!   [admission]   place kept: shedding load before work is done
//!   [deadline]    place kept: the caller's deadline, over the whole answer and its body
//! ```

pub mod outcome;
