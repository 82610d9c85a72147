//! Calls to the Porta Plus 2 web service: one vocabulary of operations, two transports, one error.
//!
//! ```text
//!                     Operation ──members──▶ request ──▶ http::Request
//!                         ▲                                     │  Context: licence, deadline, trace
//!   RPCs, polls ──▶ Client│                                     ▼
//!                         │                                 Exchange, a value
//!                       parse                                   │
//!                         │                                     ▼
//!                     wire::Answer ◀── answer ◀──────────── stack of layers ──▶ http ──▶ Porta Plus 2
//! ```
//!
//! A request is a pure value that an [`Operation`] describes and `request` writes for a [`Transport`]; an answer is
//! checked and decoded by [`answer`] and parsed by the operation. None of that does IO: only [`mod@http`] does, below a
//! `stack` of layers, each of which has one purpose.
//!
//! Everything that a caller can put into a request is a type of [`value`], which exists only for values that the
//! transport can carry unchanged. Apart from these only the caller's trace reaches the upstream.

pub mod answer;
pub mod base_url;
pub mod budget;
pub mod client;
pub mod columns;
pub mod context;
pub mod customer;
pub mod deadline;
pub mod error;
pub mod exchange;
pub mod http;
pub mod lane;
pub mod license;
pub mod operation;
pub mod page;
mod reading;
pub mod received;
mod request;
pub mod stack;
pub mod transport;
mod unusable;
pub mod value;

pub use self::base_url::BaseUrl;
pub use self::client::Client;
pub use self::context::Context;
pub use self::deadline::Deadline;
pub use self::error::{Error, Kind, Seen, Shows};
pub use self::exchange::{Exchange, Expects};
pub use self::lane::Lane;
pub use self::license::License;
pub use self::operation::{Effect, Members, Operation};
pub use self::received::Received;
pub use self::transport::Transport;
