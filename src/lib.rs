//! Portico: a gRPC gateway in front of the Porta Plus 2 web services.
//!
//! ```text
//!  gRPC clients, watchers                                            operators
//!       |                                                                |
//!  +----v-------------------------------------------------------+   +----v----+
//!  | server     listeners, HTTP/2 limits, health, reflection,   |   |  admin  |  /livez /readyz /feeds
//!  |            gRPC-Web, start and stop                        |   +---------+
//!  | layer      how each RPC ended                              |
//!  | service    one file per RPC: parse, call down, convert up  |----- status, convert ----- proto
//!  |               |                        |                   |
//!  |            calls                     watch                 |   feeds, the log, frames
//!  |               |                        |                   |
//!  | upstream   operations, transports, the HTTP client         |----- wire
//!  | codec      csv, jsv: bytes <-> serde, nothing else         |
//!  +---------------------------|--------------------------------+
//!                              v
//!          Porta Plus 2, or the sandbox: same wire
//! ```
//!
//! Data flows one way, down this picture; a module uses what is below it, never what is above.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`proto`] | the compiled contract: messages, server, client, descriptors |
//! | [`server`] | the gateway as a whole: listeners, the stack, health, reflection, start and stop |
//! | [`layer`] | middleware around every RPC |
//! | [`service`] | the RPCs |
//! | [`status`] | the one place where an error becomes a status |
//! | [`convert`] | from the upstream's types to the contract's |
//! | [`calls`] | what comes between an RPC and the client for one call, and the readiness probe |
//! | [`watch`] | the stream of live calls: feeds, their log, the cursors of watchers |
//! | [`upstream`] | operations as values, two transports, the HTTP client, one error |
//! | [`wire`] | the upstream's request and response types, as they are on the wire |
//! | [`codec`] | CSV and JSV, to and from serde types |
//! | [`admin`] | the operator's port |
//! | [`lifecycle`] | readiness, draining, signals |
//! | [`telemetry`] | the log |
//! | [`client`] | the consumer's side of the watch, for Rust services |
//! | [`sandbox`] | a stand-in for Porta Plus 2, an HTTP server of its own |
//! | [`config`] | the command line and its environment twins, turned into the settings of each layer |
//! | [`cli`] | the commands: put the layers together, report in words |
//!
//! Errors take three types on their way up: a codec error becomes an [`upstream::Error`], whose [`upstream::Kind`] alone
//! decides the [`tonic::Status`] that [`status`] makes of it.
//!
//! Who may use whom, the life of a request and of a watch, start and stop are in `docs/architecture.md`; a test holds the code to it.

pub mod admin;
pub mod caller;
pub mod cli;
pub mod client;
pub mod codec;
pub mod config;
pub mod convert;
pub mod dispatch;
pub mod layer;
pub mod lifecycle;
pub mod proto;
pub mod sandbox;
pub mod server;
pub mod service;
pub mod status;
pub mod telemetry;
pub mod upstream;
pub mod watch;
pub mod wire;
