//! The command line and its environment twins, turned into the settings of each layer.
//!
//! The only place that knows `clap`. What clap cannot check (a URL, a zone, a file, a licence) is checked here, and
//! every refusal is a [`Refused`]: one line that names the flag and never repeats a value that may be secret.

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the comments of arguments are help texts, not Markdown"
)]

mod gateway;
mod license;
mod log;
mod refused;
mod sandbox;
mod size;
mod telemetry;
mod time;
mod watch;

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

pub use self::gateway::{GatewayArgs, UpstreamArgs};
pub use self::log::{LogArgs, LogFormat};
pub use self::refused::Refused;
pub use self::sandbox::SandboxArgs;
pub use self::size::Size;
pub use self::telemetry::TelemetryArgs;
pub use self::time::Time;
pub use self::watch::{OutputName, WatchArgs};
use crate::server;

/// A gRPC gateway in front of the Porta Plus 2 web services.
#[derive(Debug, Parser)]
#[command(name = "portico", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway on an embedded stand-in upstream with live traffic, and print what to try
    Demo(DemoArgs),
    /// Run the gateway
    Serve(ServeArgs),
    /// Run the stand-in upstream alone
    Sandbox(SandboxCommandArgs),
    /// Check the configuration and the upstream, step by step; exit code 0 if every step passes
    Check(CheckArgs),
    /// Show a customer's live calls as they come and go
    Watch(WatchArgs),
}

/// `portico demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where to serve gRPC
    #[arg(
        long,
        env = "PORTICO_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// Where to serve the operator's port: /livez, /readyz, /feeds, /metrics and /traces
    #[arg(
        long,
        env = "PORTICO_ADMIN_LISTEN",
        default_value = "127.0.0.1:9090",
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,
    /// From the signal to stop until connections are refused
    #[arg(long, env = "PORTICO_DRAIN_DELAY", default_value = "0s", value_name = "TIME")]
    pub drain_delay: Time,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub gateway: GatewayArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub telemetry: TelemetryArgs,
}

/// `portico serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Where to serve gRPC
    #[arg(
        long,
        env = "PORTICO_LISTEN",
        default_value = "0.0.0.0:50051",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// Where to serve the operator's port: /livez, /readyz, /feeds and /metrics
    #[arg(
        long,
        env = "PORTICO_ADMIN_LISTEN",
        default_value = "0.0.0.0:9090",
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,
    /// From the signal to stop until connections are refused: the time that load balancers take to notice
    #[arg(long, env = "PORTICO_DRAIN_DELAY", default_value_t = server::Params::default().drain_delay.into(), value_name = "TIME")]
    pub drain_delay: Time,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub upstream: UpstreamArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub gateway: GatewayArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub telemetry: TelemetryArgs,
}

/// `portico sandbox`.
#[derive(Args, Debug)]
pub struct SandboxCommandArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub log: LogArgs,
}

/// `portico check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// List this customer's extensions, so that the licence is tried
    #[arg(long, env = "PORTICO_CUSTOMER", value_name = "I_CUSTOMER")]
    pub customer: Option<i64>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub upstream: UpstreamArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub gateway: GatewayArgs,
}
