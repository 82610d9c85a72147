//! `grpc.health.v1`, as the readiness latch says.
//!
//! | service name | says |
//! | --- | --- |
//! | `""`, `porta.customerextension.v1.CustomerExtensionService` | whether the gateway can serve |
//! | `liveness` | that the process runs, draining included |
//!
//! A `Watch` ends, with `OK`, when the gateway refuses connections: the drain waits for calls, not for who looks on. Not
//! earlier, as clients open an ended one again at once.

use std::future::pending;

use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};

use super::tasks::Tasks;
use crate::lifecycle::{Readiness, State};
use crate::service::{CustomerExtension, CustomerExtensionServiceServer};

const NAMES: [&str; 2] = [
    "",
    <CustomerExtensionServiceServer<CustomerExtension> as NamedService>::NAME,
];

const LIVENESS: &str = "liveness";

/// The health service, `NOT_SERVING` at first. Adds to `tasks` the one that keeps it in step with `readiness`, and ends
/// its streams after `stop`, each when it has told the last state.
pub(super) async fn start(
    readiness: &Readiness,
    stop: CancellationToken,
    tasks: &mut Tasks,
) -> HealthServer<impl Health + use<>> {
    let (mut reporter, server) = tonic_health::server::health_reporter();
    // A reporter begins with "" as SERVING: this is set before anyone can ask.
    for name in NAMES {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
    reporter
        .set_service_status(LIVENESS, ServingStatus::Serving)
        .await;

    let mut states = readiness.subscribe();
    tasks.spawn("the health reporter", async move {
        loop {
            let state = *states.borrow_and_update();
            let serving = match state {
                State::Ready => ServingStatus::Serving,
                State::Starting | State::NotReady(_) | State::Draining => ServingStatus::NotServing,
            };
            for name in NAMES {
                reporter.set_service_status(name, serving).await;
            }
            if state == State::Draining {
                break;
            }
            if states.changed().await.is_err() {
                return Ok(());
            }
        }
        stop.cancelled().await;
        // A stream ends with the sender of its name, after the last state that was sent. Only what is on its way just now
        // can still ask for a name, and hears NOT_FOUND.
        for name in NAMES.into_iter().chain([LIVENESS]) {
            reporter.clear_service_status(name).await;
        }
        pending().await
    });
    server
}
