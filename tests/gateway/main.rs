//! The whole gateway on real sockets: the generated client before it, the sandbox or a scripted upstream behind it.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

mod recorded;
mod support;

mod columns;
mod compat;
mod connections;
mod errors;
mod floods;
mod lifecycle;
mod operations;
mod refusals;
mod secrets;
mod texts;
mod transfer;
mod trouble;
