//! The operator's port: is the process alive, can it serve, and if not, why.
//!
//! | path | answer |
//! | --- | --- |
//! | `/livez` | 200 as long as the process runs, draining included |
//! | `/readyz` | 200, or 503 with the reason in words |
//! | `/feeds` | the feeds of the watch, as JSON |
//! | `/metrics` | what was counted, in Prometheus' text format |
//! | `/traces` | the last traces, if they are kept: in `portico demo` |

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use tracing::error;

use crate::lifecycle::{self, Readiness};
use crate::telemetry::Chain;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Recent;
use crate::watch::Hub;

/// The pages of the operator's port.
pub fn pages(readiness: Readiness, hub: Hub, metrics: Metrics, traces: Option<Recent>) -> Router {
    let pages = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .with_state(readiness)
        .route("/feeds", get(async move || Json(hub.feeds())))
        .route("/metrics", get(async move || page(&metrics)));
    match traces {
        None => pages,
        Some(traces) => pages.route("/traces", get(async move || traces.page())),
    }
}

fn page(metrics: &Metrics) -> Response {
    match metrics.page() {
        Ok(page) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], page).into_response(),
        Err(error) => {
            error!(error = %Chain(&error), "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
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
