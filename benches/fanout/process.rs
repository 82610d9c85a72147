//! Processes that are measured: this binary in another role, or the gateway; spoken to in lines, killed when dropped.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Result;

/// The lines that a role is told.
pub(super) type Orders = Lines<BufReader<Stdin>>;

/// A role of this binary in a process of its own.
#[derive(Debug)]
pub(super) struct Role {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Role {
    /// Starts `role`.
    pub(super) fn start(role: &str, args: &[String]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(role)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = child.stdin.take().ok_or("no stdin")?;
        let answers = child.stdout.take().ok_or("no stdout")?;
        Ok(Self {
            child,
            orders,
            answers: BufReader::new(answers).lines(),
        })
    }

    /// Gives an order and waits for the answer to it.
    pub(super) async fn ask(&mut self, order: &str) -> Result<String> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        self.answer().await
    }

    /// The next line it says.
    pub(super) async fn answer(&mut self) -> Result<String> {
        Ok(self.answers.next_line().await?.ok_or("the process ended")?)
    }

    pub(super) fn pid(&self) -> Result<u32> {
        Ok(self.child.id().ok_or("the process ended")?)
    }
}

/// The orders of this process, which is a role.
pub(super) fn orders() -> Orders {
    BufReader::new(tokio::io::stdin()).lines()
}

/// Nanoseconds on the clock that all processes of the machine share.
pub(super) fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A clock reading as a line holds it.
pub(super) fn parse_clock(line: &str) -> Result<Duration> {
    Ok(Duration::from_nanos(line.parse()?))
}

/// How long the threads of a process have run.
pub(super) fn cpu(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let ran = stat.split(' ').next().ok_or("no schedstat")?;
        nanos += ran.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The bytes of memory that a process resides in.
pub(super) fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("no VmRSS")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}
