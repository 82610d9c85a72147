//! A stand-in for Porta Plus 2: an HTTP/1.1 server of its own that speaks the real wire.
//!
//! ```text
//!  http      connections, bodies, what a fault does to a response
//!  request   route + bind + negotiate: from the parts of a request to members and a format
//!  service   one request type in, one answer out, on the directory and the calls
//!  respond   status, headers and body, as a v3 host writes them
//!  control   /_sandbox/: faults and statistics at runtime
//! ```
//!
//! It serves the state of the server that was recorded, answer for answer ([`State::Recorded`]), or a seeded world
//! whose calls come and go ([`State::Living`]). [`Fault`]s make it misbehave. The same seed and the same clock give
//! the same history, however often it is asked. It uses only [`crate::codec`] and [`crate::wire`].
//!
//! The licence is never logged, counted or shown.

use std::future::Future;

use tokio::net::TcpListener;

mod bind;
mod control;
mod directory;
mod exchange;
mod fault;
mod handle;
mod http;
mod negotiate;
mod operation;
mod page;
mod params;
mod recorded;
mod refusal;
mod request;
mod respond;
mod route;
mod service;
mod stats;
mod status;
mod traffic;
mod world;

pub use self::control::{Wrong, parse_faults};
pub use self::fault::{Fault, Trouble, When};
pub use self::handle::Sandbox;
pub use self::operation::{Operation, UnknownOperation};
pub use self::params::{Params, State};
pub use self::refusal::ErrorForm;
pub use self::stats::{Seen, Stats};
pub use self::traffic::Params as TrafficParams;
pub use self::world::Params as WorldParams;

/// Serves `sandbox` on `listener` until `shutdown` completes, then lets the requests in flight end.
///
/// A request that is still in flight some seconds after that is dropped.
///
/// # Cancellation
///
/// Dropping the future closes the listener and every connection at once.
pub async fn run(listener: TcpListener, sandbox: Sandbox, shutdown: impl Future<Output = ()>) {
    http::serve(listener, sandbox, shutdown).await;
}

#[cfg(test)]
mod tests;
