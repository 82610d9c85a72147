//! The watch as a client sees it: its laws on generated histories, each line of its contract, and a subset over
//! sockets.
//!
//! ```text
//!   Upstream (scripted) ──▶ Hub ──▶ Watching ──▶ Stream ──▶ recorder ──▶ laws
//!        └───────────────── what was really so ──────────────────────────▶┘
//! ```
//!
//! Only the transport of a poll is faked. Everything above it is the gateway's own, in paused time.
#![allow(clippy::panic, reason = "everything here is a test or a part of one")]

mod contract;
mod gateway;
mod held;
mod history;
mod laws;
mod operators;
mod recorder;
mod scene;
mod sockets;
mod upstream;
