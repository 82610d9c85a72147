//! The parties as processes: started, found by the port they print, stopped when dropped.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::Outcome;

/// A started server.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// The upstream.
    pub(crate) fn upstream() -> Outcome<Self> {
        Self::role(&["upstream"])
    }

    /// The bare handler in front of the upstream on this port.
    pub(crate) fn bare(upstream: u16) -> Outcome<Self> {
        Self::role(&["bare", &format!("http://127.0.0.1:{upstream}/")])
    }

    /// The gateway as it is released, in front of the upstream on this port.
    pub(crate) fn gateway(upstream: u16) -> Outcome<Self> {
        // The gateway tells its addresses in its log; the first of the line is where it serves gRPC.
        let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args([
                "--license",
                "bench",
                "--upstream-url",
                &format!("http://127.0.0.1:{upstream}"),
            ])
            .env("RUST_LOG", "info");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().ok_or("no log")?);
        let mut port = None;
        for line in log.lines() {
            let line = line?;
            let address = line.split("grpc=127.0.0.1:").nth(1);
            if let Some(address) = address {
                port = address.split(' ').next().and_then(|port| port.parse().ok());
            }
            // The upstream is there, so this follows; waiting for it leaves nothing of the start to be measured.
            if line.contains("ready: the upstream answers") {
                break;
            }
        }
        Ok(Self {
            child,
            port: port.ok_or("the gateway did not say where it listens")?,
        })
    }

    /// This binary again, which prints its port.
    fn role(args: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(args).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self {
            child,
            port: line.trim().parse()?,
        })
    }

    /// Where it listens on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The processor time that it has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Outcome<f64> {
        // The kernel counts in hundredths of a second, whatever its own clock.
        const TICKS: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name in brackets, which may hold spaces; `utime` and `stime` are fields 14 and 15.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: Result<Vec<f64>, _> = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse)
            .collect();
        Ok(ticks?.iter().sum::<f64>() / TICKS)
    }

    /// Its resident memory in MiB, as the kernel counts it.
    pub(crate) fn resident_mib(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .ok_or("no VmRSS")?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
