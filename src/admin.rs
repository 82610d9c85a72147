//! The operator's port: is the process alive, can it serve, and if not, why.
//!
//! | path | answer |
//! | --- | --- |
//! | `/livez` | 200 as long as the process runs, draining included |
//! | `/readyz` | 200, or 503 with the reason in words |
//! | `/feeds` | the feeds of the watch, as JSON |

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::lifecycle::{self, Readiness};
use crate::watch::Hub;

/// Serves the operator's port until `shutdown`.
///
/// # Errors
///
/// If the listener fails.
pub async fn run(
    listener: TcpListener,
    readiness: Readiness,
    hub: Hub,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .with_state(readiness)
        .route("/feeds", get(async move || Json(hub.feeds())));
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown)
        .await
}

async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, String) {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n"));
    match readiness.state() {
        lifecycle::State::Ready => (StatusCode::OK, "ready\n".to_owned()),
        lifecycle::State::Starting => not_ready("the upstream has not answered yet"),
        lifecycle::State::NotReady(why) => not_ready(&format!("the upstream does not serve ({why})")),
        lifecycle::State::Draining => not_ready("draining"),
    }
}
