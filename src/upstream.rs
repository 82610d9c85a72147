//! Calls to the Porta Plus 2 web service: one vocabulary of operations, two transports, one error.
//!
//! ```text
//!   Operation ──members──▶ Transport ──http::Request──▶ Client ──▶ Porta Plus 2
//!       ▲                                                 │
//!       └──parse──── wire::Answer ◀──── answer::read ◀────┘ (status, headers, bytes)
//! ```
//!
//! A request is a pure value that an [`Operation`] describes and a [`Transport`] writes; an answer is read by
//! [`answer::read`] and parsed by the operation. Neither does IO. Only [`Client`] does, and it decides nothing else.
//!
//! Everything that a caller can put into a request is a type of [`value`], which exists only for values that the
//! transport can carry unchanged. Nothing else of a caller reaches the upstream.

pub mod answer;
pub mod base_url;
pub mod client;
pub mod error;
pub mod license;
pub mod operation;
pub mod transport;
pub mod value;

pub use self::base_url::BaseUrl;
pub use self::client::Client;
pub use self::error::{Error, Kind};
pub use self::license::License;
pub use self::operation::{Effect, Members, Operation};
pub use self::transport::Transport;
