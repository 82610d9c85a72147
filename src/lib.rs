//! Portico: a gRPC gateway in front of the Porta Plus 2 web services.
//!
//! ```text
//!  gRPC clients, watchers                                            operators
//!       |                                                                |
//!  +----v-------------------------------------------------------+   +----v----+
//!  | server     listeners, HTTP/2 limits, health, reflection,   |   |  admin  |  /livez /readyz /feeds
//!  |            gRPC-Web, the tasks, start and stop             |   +---------+
//!  | layer      how each RPC ended, as a value to observers     |
//!  | service    one file per RPC: parse, send down, convert up  |----- caller, convert, status, proto
//!  |               |                        |                   |
//!  |            dispatch                  watch                 |   feeds: histories, frames, cursors
//!  |               |                        |                   |
//!  | upstream   operations and exchanges as values, a stack of  |----- wire
//!  |            layers, the one place that does HTTP            |
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
//! | [`proto`] | the compiled contract: messages, client, descriptors |
//! | [`server`] | the gateway as a whole: listeners, the stack, health, reflection, its tasks, start and stop |
//! | [`layer`] | middleware around every RPC: how it ended, as a value to observers |
//! | [`service`] | the RPCs |
//! | [`caller`] | who calls, and on what terms: licence, deadline, trace |
//! | [`status`] | the one place where an error becomes a status |
//! | [`convert`] | from the upstream's types to the contract's |
//! | [`dispatch`] | what comes between an RPC and the client for one operation, and the readiness probe |
//! | [`watch`] | the stream of live calls: feeds, their histories, the frames and cursors of watchers |
//! | [`upstream`] | operations and exchanges as values, two transports, the stack of layers, HTTP, one error |
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
//! decides code, reason and text of the [`tonic::Status`] that [`status`] makes of it.
//!
//! Where to look for, or put:
//!
//! | what | where |
//! | --- | --- |
//! | a retry policy, a breaker, a limit of exchanges | a layer of [`upstream`]'s stack |
//! | what one operation of one caller needs around it | [`dispatch`] |
//! | a tenant's licence | [`caller::Callers`] chooses it, [`upstream::Context`] carries it, [`watch::FeedKey`] holds it |
//! | a metric or trace | an observer of [`layer::outcome`]; of attempts, [`upstream`]'s stack |
//! | a follower of a feed in another process | a writer of a history in [`watch`], beside the owner |
//! | a web page | a listener in [`server`] beside [`admin`], over [`watch::Hub`] |
//!
//! Who may use whom, the life of a request and of a watch, start and stop are in `docs/architecture.md`; a test holds the
//! code to it.

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
