//! The gateway's binary, as it is released.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Result;

/// A `portico` process; killed when dropped.
#[derive(Debug)]
pub(super) struct Portico {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
    // A closed pipe would end a process that logs.
    _log: tokio::task::JoinSet<()>,
}

impl Portico {
    /// Starts `portico serve` in front of `upstream`, with room for every watcher.
    pub(super) async fn serve(upstream: SocketAddr, more: &[&str]) -> Result<Self> {
        let upstream = format!("http://{upstream}");
        let mut args = vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ];
        args.extend(["--upstream-url", &upstream, "--license", "none"]);
        args.extend(["--max-feed-watchers", "20000"]);
        args.extend(more);
        Self::start(&args, "grpc").await
    }

    /// Starts a command, whose log names the address that it listens at as `field`.
    pub(super) async fn start(args: &[&str], field: &str) -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .args(args)
            .args(["--log-format", "json"])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = child.stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(log).lines();
        let address = loop {
            let line = lines.next_line().await?.ok_or("it ended before it listened")?;
            let line: serde_json::Value = serde_json::from_str(&line)?;
            if let Some(address) = line["fields"][field].as_str() {
                break address.parse()?;
            }
        };
        let mut rest = tokio::task::JoinSet::new();
        rest.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            child,
            address,
            _log: rest,
        })
    }

    pub(super) fn pid(&self) -> Result<u32> {
        Ok(self.child.id().ok_or("the process ended")?)
    }

    /// Asks it to stop, as an orchestrator does.
    pub(super) async fn terminate(&self) -> Result<()> {
        let pid = self.pid()?.to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await?;
        if killed.success() {
            Ok(())
        } else {
            Err("kill failed".into())
        }
    }
}
