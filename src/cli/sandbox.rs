//! `portico sandbox`.

use tracing::info;

use super::Failure;
use super::listen::{address, listen};
use super::telemetry::start_log;
use super::until_stopped::until_stopped;
use crate::config::SandboxCommandArgs;
use crate::sandbox::{self, Sandbox};

pub(super) async fn run(args: SandboxCommandArgs) -> Result<(), Failure> {
    let SandboxCommandArgs { sandbox, log } = args;
    let params = sandbox.params()?;
    let _log = start_log(&log, None)?;
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
