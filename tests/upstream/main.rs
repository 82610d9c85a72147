//! What a real upstream wrote, read by the codec.
//!
//! The files of `tests/data` are recordings of real serializers and vectors derived from their sources; each module
//! is one loop over one kind of file.

#![allow(
    clippy::panic,
    reason = "a failed check outside of a test function is still a failed test"
)]

mod columns;
mod corpus;
mod customers;
mod data;
mod laws;
mod transcripts;
mod vectors;
