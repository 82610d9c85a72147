//! `portico sandbox`.

use tracing::info;

use super::Failure;
use super::listen::{address, listen};
use super::until_stopped::until_stopped;
use crate::config::SandboxCommandArgs;
use crate::sandbox::{self, Sandbox};
use crate::telemetry::log;

pub(super) async fn run(args: SandboxCommandArgs) -> Result<(), Failure> {
    let SandboxCommandArgs { sandbox, log } = args;
    let params = sandbox.params()?;
    let _log = log::start(log.log_format.into(), None)
        .map_err(|error| Failure::Usage(format!("RUST_LOG: {error}")))?;
    let listener = listen(sandbox.sandbox_listen, "the sandbox").await?;
    let address = address(&listener)?;
    until_stopped(async |shutdown| {
        info!(%address, "the sandbox is listening");
        tokio::select! {
            () = sandbox::run(listener, Sandbox::new(params), shutdown.requested()) => {}
            () = shutdown.requested_again() => {}
        }
        Ok(())
    })
    .await
}
