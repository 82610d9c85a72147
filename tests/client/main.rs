//! The consumer's side of the watch: what `CallWatcher` makes of gateways, good and bad.
//!
//! [`scripted`] has a gateway that follows a script, over memory and in paused time. [`real`] has the gateway itself,
//! over sockets, on a sandbox.

#![allow(
    clippy::panic,
    reason = "a failed check outside of a test function is still a failed test"
)]

mod real;
mod real_gateway;
mod scripted;
mod scripted_gateway;
