//! What `/metrics` shows of RPCs and of what the upstream answers, series by series.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

#[allow(
    dead_code,
    unused_imports,
    reason = "it is what all tests of the gateway start from"
)]
#[path = "../support/support.rs"]
mod support;

mod bounds;
mod changes;
mod docs;
mod page;
mod rpcs;
mod watch;
