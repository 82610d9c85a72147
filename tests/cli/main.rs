//! The built binary: its exit codes, its one line of error, and its end on a signal.

mod support;

mod check;
mod refusals;
mod serve;
