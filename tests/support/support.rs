//! What every test of the gateway starts from.

mod details;
mod gateway;
mod log;
mod sandbox;
mod upstream;

pub(crate) use self::details::{reason, retry_delay, violated_fields};
pub(crate) use self::gateway::{Gateway, SERVICE, Setup, single, until};
pub(crate) use self::log::Log;
pub(crate) use self::sandbox::RunningSandbox;
#[allow(unused_imports, reason = "the attacks have upstreams of their own")]
pub(crate) use self::upstream::PAGE;
pub(crate) use self::upstream::{Answer, Upstream, row};

use std::time::Duration;

/// Both ways to carry an operation.
pub(crate) const TRANSPORTS: [portico::upstream::Transport; 2] = [
    portico::upstream::Transport::Routes,
    portico::upstream::Transport::Reply,
];

/// Longer than anything here takes: a test that waits for it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// `future`, or a failed test if it takes too long.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} does not happen"))
}

/// A listener on a port of the system's choice, and its URL.
pub(crate) async fn listener() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}
