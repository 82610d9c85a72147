//! The commands: each puts the layers together and reports in words.

mod check;
mod demo;
mod failure;
mod listen;
mod sandbox;
mod serve;
mod telemetry;
mod until_stopped;
mod watch;

use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser as _;
use tokio::runtime::Builder;

use self::failure::Failure;
use crate::config::{Cli, Command};

/// Runs the process: parses the command line, runs the command, and says in one line why it failed.
///
/// Exit code 0: done. 1: it failed. 2: a flag or its value cannot be used.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => run_command(cli.command),
        Err(error) if error.use_stderr() => Err(Failure::from(&error)),
        // Help and version.
        Err(error) => {
            return if error.print().is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run_command(command: Command) -> Result<(), Failure> {
    let mut builder = Builder::new_multi_thread();
    // On one processor, too, what holds a thread must not keep all else from running.
    if available_parallelism().is_ok_and(|processors| processors.get() == 1) {
        builder.worker_threads(2);
    }
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed("no runtime", &error))?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Demo(args) => demo::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Sandbox(args) => sandbox::run(args).await,
            Command::Check(args) => check::run(args).await,
            Command::Watch(args) => watch::run(args).await,
        }
    });
    // Nothing that is left is waited for: a name that is being resolved could take long.
    runtime.shutdown_background();
    outcome
}
