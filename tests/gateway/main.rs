//! The whole gateway on real sockets: the generated client before it, the sandbox or a scripted upstream behind it.

mod recorded;
mod support;

mod compat;
mod errors;
mod lifecycle;
mod operations;
mod refusals;
mod secrets;
mod texts;
mod transfer;
mod trouble;
