//! `portico serve`.

use std::time::Duration;

use tracing::{info, warn};

use super::Failure;
use super::listen::{address, listen};
use super::telemetry::Telemetry;
use super::until_stopped::until_stopped;
use crate::caller::Callers;
use crate::config::ServeArgs;
use crate::server::{self, Listeners};

pub(super) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let ServeArgs {
        listen: grpc,
        admin_listen,
        drain_delay,
        upstream,
        gateway,
        telemetry,
    } = args;
    let base = upstream.base()?;
    let license = upstream.license(gateway.transport())?;
    let mut params = gateway.server(drain_delay.into())?;
    let callers = Callers::with(license).waiting(gateway.default_deadline());
    let listeners = Listeners {
        grpc: listen(grpc, "gRPC").await?,
        admin: listen(admin_listen, "the admin port").await?,
    };
    let (grpc, admin) = (address(&listeners.grpc)?, address(&listeners.admin)?);
    // Not before: whatever fails from here on is only told when the collector has had its last.
    let telemetry = Telemetry::start(&telemetry)?;
    params.metrics = telemetry.metrics.clone();
    params.access_log = telemetry.access_log.clone();
    let client = gateway.client(base.clone(), params.metrics.meter())?;
    until_stopped(async |shutdown| {
        // Logged only when signals are handled: whoever reads this line may send one.
        info!(%grpc, %admin, upstream = %base, transport = ?gateway.transport(), "listening");
        warn_of_a_short_drain(&params, gateway.default_deadline());
        let served = server::run(listeners, client, callers, params, shutdown).await;
        telemetry.stop().await;
        served.map_err(|error| Failure::failed("the gateway stopped", &error))
    })
    .await?;
    info!("stopped");
    Ok(())
}

/// A stop that waits less than a call may take cuts calls off by design: whoever runs the gateway is to know. The delay
/// is no part of that time: calls are taken until it is over.
fn warn_of_a_short_drain(params: &server::Params, default_deadline: Duration) {
    let drain_timeout = params.drain_timeout;
    if drain_timeout < default_deadline {
        warn!(
            ?drain_timeout,
            ?default_deadline,
            "a stop waits less than a call may take whose caller sets no deadline: a change that takes longer is cut off, and \
             its outcome unknown"
        );
    }
}
