//! The gateway's binary, as it is released.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinSet;

use super::Result;
use super::process::Meter;

/// A `portico` process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Portico {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// The operator's port, if it has one.
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) meter: Meter,
    // Reads the log on: a closed pipe would end a process that logs.
    _log: JoinSet<()>,
}

impl Portico {
    /// Starts `portico serve` in front of `upstream`, with room for every watcher, and waits until it is ready.
    pub(crate) async fn serve(upstream: SocketAddr, more: &[&str]) -> Result<Self> {
        Self::serve_with(upstream, more, &[]).await
    }

    /// As [`Portico::serve`], with more in the environment.
    pub(crate) async fn serve_with(
        upstream: SocketAddr,
        more: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let upstream = format!("http://{upstream}");
        let mut args = vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ];
        args.extend(["--upstream-url", &upstream, "--license", "bench"]);
        args.extend(["--max-feed-watchers", "20000"]);
        args.extend(more);
        Self::start(&args, environment, "grpc", "ready: the upstream answers").await
    }

    /// Starts `portico sandbox`, and waits until it listens.
    pub(crate) async fn sandbox(more: &[&str]) -> Result<Self> {
        let mut args = vec!["sandbox", "--sandbox-listen", "127.0.0.1:0"];
        args.extend(more);
        Self::start(&args, &[], "address", "the sandbox is listening").await
    }

    /// Starts a command and waits for a message in its log, which names the address that it listens on as `field`.
    async fn start(args: &[&str], environment: &[(&str, &str)], field: &str, message: &str) -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .args(args)
            .args(["--log-format", "json"])
            .env_remove("RUST_LOG")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let (address, admin) = started(&mut lines, field, message).await?;
        let mut rest = JoinSet::new();
        rest.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            address,
            admin,
            meter: Meter::of(&child)?,
            child,
            _log: rest,
        })
    }

    /// Asks it to stop, as an orchestrator does.
    pub(crate) async fn terminate(&self) -> Result<()> {
        let pid = self.meter.pid.to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await?;
        killed.success().then_some(()).ok_or_else(|| "kill failed".into())
    }
}

/// Reads the log up to `message`; the address that it names as `field` by then, and the one of the operator's port.
async fn started(
    lines: &mut Lines<BufReader<ChildStderr>>,
    field: &str,
    message: &str,
) -> Result<(SocketAddr, Option<SocketAddr>)> {
    let mut address = None;
    let mut admin = None;
    loop {
        let line = lines.next_line().await?.ok_or("it ended before it was ready")?;
        let line: serde_json::Value = serde_json::from_str(&line)?;
        let fields = &line["fields"];
        if let Some(said) = fields[field].as_str() {
            address = Some(said.parse()?);
        }
        if let Some(said) = fields["admin"].as_str() {
            admin = Some(said.parse()?);
        }
        if fields["message"] == message {
            return Ok((address.ok_or("it did not say where it listens")?, admin));
        }
    }
}
