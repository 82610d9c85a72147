//! `grpc.health.v1`, as the readiness latch says.
//!
//! | service name | says |
//! | --- | --- |
//! | `""`, `porta.customerextension.v1.CustomerExtensionService` | whether the gateway can serve |
//! | `liveness` | that the process runs, draining included |

use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};

use super::tasks::Tasks;
use crate::lifecycle::{Readiness, State};
use crate::proto::server::customer_extension_service_server::CustomerExtensionServiceServer;
use crate::service::CustomerExtension;

const NAMES: [&str; 2] = [
    "",
    <CustomerExtensionServiceServer<CustomerExtension> as NamedService>::NAME,
];

const LIVENESS: &str = "liveness";

/// The health service, `NOT_SERVING` at first. Adds to `tasks` the one that keeps it in step with `readiness`.
pub(super) async fn start(readiness: &Readiness, tasks: &mut Tasks) -> HealthServer<impl Health + use<>> {
    let (reporter, server) = tonic_health::server::health_reporter();
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
            let serving = match *states.borrow_and_update() {
                State::Ready => ServingStatus::Serving,
                State::Starting | State::NotReady(_) | State::Draining => ServingStatus::NotServing,
            };
            for name in NAMES {
                reporter.set_service_status(name, serving).await;
            }
            if states.changed().await.is_err() {
                return Ok(());
            }
        }
    });
    server
}
