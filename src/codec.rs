//! Bytes to and from serde types, and nothing else: no operation, no HTTP, no wire type is known here.

pub mod csv;
pub mod jsv;
