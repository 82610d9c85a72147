//! One process of the binary, and where it says that it listens.

use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// A process that ends with this.
pub(crate) struct Portico {
    child: Child,
    listening: Value,
    _log: JoinSet<()>,
}

impl Portico {
    pub(crate) async fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .env_clear()
            .args(args)
            .arg("--log-format=json")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let listening = loop {
            let line = lines.next_line().await.expect("text").expect("it goes on");
            let line: Value = serde_json::from_str(&line).expect("a line of JSON");
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            if message == "listening" || message == "the sandbox is listening" {
                break line;
            }
        };
        // Somebody has to read the rest.
        let mut log = JoinSet::new();
        log.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            listening,
            _log: log,
        }
    }

    /// The address that it has told under this name.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let address = self.listening["fields"][name].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// Ends it without a word.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}
