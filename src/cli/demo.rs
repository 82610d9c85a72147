//! `portico demo`: the gateway on an embedded upstream, in one process.

use std::io::Write as _;
use std::net::SocketAddr;

use super::Failure;
use super::listen::{address, listen};
use super::telemetry::Telemetry;
use super::until_stopped::until_stopped;
use crate::caller::Callers;
use crate::config::DemoArgs;
use crate::sandbox::{self, Sandbox};
use crate::server::{self, Listeners};
use crate::upstream::License;

/// The sandbox takes any licence.
const LICENSE: &str = "demo";

pub(super) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let DemoArgs {
        listen: grpc,
        admin_listen,
        drain_delay,
        gateway,
        sandbox,
        telemetry,
    } = args;
    let sandbox_params = sandbox.params()?;
    let mut params = gateway.server(drain_delay.into())?;
    let license = License::parse(License::DEFAULT_NAME, LICENSE, gateway.transport());
    let license = license.map_err(|error| Failure::failed("the demo's licence", &error))?;
    let callers = Callers::with(license).waiting(gateway.default_deadline());
    let listeners = Listeners {
        grpc: listen(grpc, "gRPC").await?,
        admin: listen(admin_listen, "the admin port").await?,
    };
    let upstream = listen(sandbox.sandbox_listen, "the sandbox").await?;
    let upstream_at = address(&upstream)?;
    let base = format!("http://{upstream_at}").parse();
    let base = base.map_err(|error| Failure::failed("the sandbox's address", &error))?;
    let (telemetry, recent) = Telemetry::start_shown(&telemetry)?;
    params.metrics = telemetry.metrics.clone();
    params.access_log = telemetry.access_log.clone();
    let shows_traces = recent.is_some();
    params.traces = recent;
    let client = gateway.client(base, params.metrics.meter())?;
    let (grpc, admin) = (address(&listeners.grpc)?, address(&listeners.admin)?);

    until_stopped(async |shutdown| {
        introduce(grpc, admin, upstream_at, shows_traces);
        let sandbox = sandbox::run(upstream, Sandbox::new(sandbox_params), std::future::pending());
        let served = tokio::select! {
            served = server::run(listeners, client, callers, params, shutdown) => {
                served.map_err(|error| Failure::failed("the gateway stopped", &error))
            }
            () = sandbox => Err(Failure::Failed("the sandbox stopped".to_owned())),
        };
        telemetry.stop().await;
        served
    })
    .await
}

/// Says what is running, and prints commands that work as they are.
fn introduce(grpc: SocketAddr, admin: SocketAddr, sandbox: SocketAddr, shows_traces: bool) {
    const SERVICE: &str = "porta.customerextension.v1.CustomerExtensionService";
    let traces = if shows_traces {
        format!("curl http://{admin}/traces")
    } else {
        "(at your collector)".to_owned()
    };
    let text = format!(
        r#"Portico is running on a stand-in upstream with live calls. Ctrl-C stops it.

  gRPC, gRPC-Web, health, reflection   {grpc}
  operator's port                      http://{admin}/readyz
  stand-in upstream                    http://{sandbox}/csv/metadata?op=CustomerExtension

Try, in another terminal:

  grpcurl -plaintext -d '{{"i_customer": 1}}' {grpc} {SERVICE}/ListExtensions

  grpcurl -plaintext -d '{{"i_customer": 1, "name": "Front desk", "id": "900"}}' {grpc} {SERVICE}/AddExtension

  buf curl --protocol grpc --http2-prior-knowledge -d '{{"i_customer": 1}}' http://{grpc}/{SERVICE}/ListActiveCalls

Or see the calls come and go:

  portico watch --customer 1 --gateway http://{grpc}

And what the gateway tells of all this, its metrics and its traces:

  curl http://{admin}/metrics

  {traces}

"#
    );
    // A closed standard output is the reader's choice.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
