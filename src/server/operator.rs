//! The listener of the operator's port. Its connections are few, and do not count among those of callers.

use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connections::{self, Listening, Params, WhenExhausted};
use super::tasks::TaskResult;

/// What the port is called in the log.
pub(super) const NAME: &str = "the operator's port";

/// Probes, a scraper and some people.
const MAX_CONNECTIONS: usize = 256;

/// How long a peer may take to ask. Whoever asks here is near, and holds a place that a probe may need.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves `pages` for as long as the future is polled.
pub(super) async fn serve(listener: TcpListener, pages: Router) -> TaskResult {
    let listening = Listening {
        listener,
        name: NAME,
        when_exhausted: WhenExhausted::Serve,
        is_conversation: |_| false,
    };
    let params = Params {
        greeting: PATIENCE,
        head: PATIENCE,
        request: PATIENCE,
        idle: PATIENCE,
        ..Params::default()
    };
    let params = params.limited(MAX_CONNECTIONS);
    connections::serve(listening, pages, params, CancellationToken::new()).await;
    Ok(())
}
