//! The recordings of the real upstream, held against this crate.

mod transcripts;
