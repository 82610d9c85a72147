//! The built binary: its exit codes, its one line of error, and its end on a signal.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

mod support;

mod access_log;
mod check;
mod refusals;
mod serve;
