//! The whole gateway on real sockets: the generated client before it, the sandbox or a scripted upstream behind it.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

mod recorded;
#[path = "../support/support.rs"]
mod support;

mod compat;
mod connections;
mod errors;
mod leaks;
mod lifecycle;
mod operations;
mod refusals;
mod request_ids;
mod secrets;
mod settled;
mod texts;
mod transfer;
mod trouble;
