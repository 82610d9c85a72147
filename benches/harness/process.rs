//! The bench's own binary in another role, and what any process has used.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Result;

/// A role of this binary in a process of its own: says where it listens, then obeys lines; killed when dropped.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) address: SocketAddr,
    pub(crate) meter: Meter,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Role {
    /// Starts this binary with the name of a role and its arguments.
    pub(crate) async fn start(args: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = child.stdin.take().ok_or("no stdin")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        Ok(Self {
            address: next(&mut answers).await?.parse()?,
            meter: Meter::of(&child)?,
            orders,
            answers,
            _child: child,
        })
    }

    /// Gives an order and waits for the answer to it.
    pub(crate) async fn ask(&mut self, order: &str) -> Result<String> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        next(&mut self.answers).await
    }
}

async fn next(answers: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    Ok(answers.next_line().await?.ok_or("the process ended")?)
}

/// Listens, and prints where. Every role does this first.
pub(crate) async fn listen() -> Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(listener)
}

/// The orders of this process, which is a role.
pub(crate) fn orders() -> Lines<BufReader<Stdin>> {
    BufReader::new(tokio::io::stdin()).lines()
}

/// Nanoseconds on the clock that all processes of the machine share.
pub(crate) fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A clock reading as a line holds it.
pub(crate) fn parse_clock(line: &str) -> Result<Duration> {
    Ok(Duration::from_nanos(line.parse()?))
}

/// Reads what a process has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pub(crate) pid: u32,
}

impl Meter {
    pub(crate) fn of(child: &Child) -> Result<Self> {
        let pid = child.id().ok_or("the process ended")?;
        Ok(Self { pid })
    }

    /// How long its threads have run.
    pub(crate) fn cpu(self) -> Result<Duration> {
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let ran = stat.split(' ').next().ok_or("no schedstat")?;
            nanos += ran.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .ok_or("no VmRSS")?;
        Ok(kib.parse()?)
    }
}
