//! The consumer's side of the watch: what `CallWatcher` makes of gateways, good and bad.
//!
//! [`scripted`] is a gateway that does as it is told, over memory and in paused time. [`real`] is the gateway itself,
//! over sockets, on a sandbox.

#![allow(
    clippy::panic,
    reason = "a failed check outside of a test function is still a failed test"
)]

mod real;
mod real_gateway;
mod scripted;
mod scripted_gateway;
