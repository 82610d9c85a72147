//! `portico serve`.

use tracing::info;

use super::Failure;
use super::listen::{address, listen};
use super::until_stopped::until_stopped;
use crate::caller::Callers;
use crate::config::ServeArgs;
use crate::server::{self, Listeners};
use crate::telemetry::log;

pub(super) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let ServeArgs {
        listen: grpc,
        admin_listen,
        drain_delay,
        upstream,
        gateway,
        log,
    } = args;
    let base = upstream.base()?;
    let license = upstream.license(gateway.transport())?;
    let params = gateway.server(drain_delay.into())?;
    log::start(log.log_format.into()).map_err(|error| Failure::Usage(format!("RUST_LOG: {error}")))?;

    let listeners = Listeners {
        grpc: listen(grpc, "gRPC").await?,
        admin: listen(admin_listen, "the admin port").await?,
    };
    let (grpc, admin) = (address(&listeners.grpc)?, address(&listeners.admin)?);
    let client = gateway.client(base.clone())?;
    until_stopped(async |stop| {
        // Logged only when signals are handled: whoever reads this line may send one.
        info!(%grpc, %admin, upstream = %base, transport = ?gateway.transport(), "listening");
        server::run(
            listeners,
            client,
            Callers::with(license),
            params,
            stop.cancelled(),
        )
        .await
        .map_err(|error| Failure::failed("the gateway stopped", &error))
    })
    .await?;
    info!("stopped");
    Ok(())
}
