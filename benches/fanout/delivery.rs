//! What an event costs and how fast it is everywhere, and what an idle watcher holds.

use std::net::SocketAddr;
use std::time::Duration;

use portico::proto::v1::ActiveCallsResponse;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::gateway::Portico;
use super::process::{Role, cpu, parse_clock, resident};
use super::watchers::{STREAMS, Watchers, collect, connection};
use super::{Result, bare, frames, upstream};

/// How many calls change for events of about 0.5 KB and of about 9 KB.
const CHANGING: [usize; 2] = [1, 22];
const WATCHERS: [usize; 2] = [1_000, 10_000];

/// Turns before those that count.
const WARM_UP: usize = 5;

/// Let what was opened come to rest.
const REST: Duration = Duration::from_secs(2);

/// The one customer that is watched.
const CUSTOMER: i64 = 1;

/// A server of the two, its watchers, and what was measured of it.
struct Side {
    pid: u32,
    watchers: Watchers,
    /// The process that makes it send, by `order`.
    sender: Role,
    order: &'static str,
    cpu: Duration,
    turns: Vec<Duration>,
    per_watcher: f64,
}

/// Runs all rows of the table.
pub(super) async fn run() -> Result<()> {
    let turns = std::env::var("FANOUT_TURNS").map_or(Ok(60), |turns| turns.parse())?;
    println!("## delivery: gateway | bare | gateway by bare\n");
    println!(
        "| event | watchers | CPU an event, us | events a CPU-second | change to last watcher p50, ms | p99, ms | events/s at p50 | resident an idle watcher, KB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for changing in CHANGING {
        for watchers in WATCHERS {
            row(changing, watchers, turns).await?;
        }
    }
    println!();
    Ok(())
}

async fn row(changing: usize, watchers: usize, turns: usize) -> Result<()> {
    let mut upstream = Role::start(upstream::ROLE, &[changing.to_string()])?;
    let polled: SocketAddr = upstream.answer().await?.parse()?;
    let gateway = Portico::serve(polled, &["--poll-interval", "50ms"]).await?;
    let event = event(gateway.address, &mut upstream).await?;
    let mut bare = Role::start(bare::ROLE, &[])?;
    let bare_address = bare.answer().await?.parse()?;
    bare.ask(&format!("event {}", frames::to_hex(&event))).await?;

    let mut sides = [
        Side::open(gateway.pid()?, gateway.address, watchers, upstream, "change").await?,
        Side::open(bare.pid()?, bare_address, watchers, bare, "send").await?,
    ];
    sides[0].sender.ask("hold").await?;
    for turn in 0..WARM_UP + turns {
        for side in &mut sides {
            if turn == WARM_UP {
                side.turns.clear();
                side.cpu = cpu(side.pid)?;
            }
            side.turn(watchers).await?;
        }
    }
    for side in &mut sides {
        side.cpu = cpu(side.pid)?.saturating_sub(side.cpu);
        side.turns.sort_unstable();
    }
    print(event.len(), watchers, &sides);
    Ok(())
}

impl Side {
    async fn open(
        pid: u32,
        address: SocketAddr,
        watchers: usize,
        sender: Role,
        order: &'static str,
    ) -> Result<Self> {
        let mut side = Self {
            pid,
            watchers: Watchers::connect(address, watchers / STREAMS).await?,
            sender,
            order,
            cpu: Duration::ZERO,
            turns: Vec::new(),
            per_watcher: 0.0,
        };
        sleep(REST).await;
        let before = resident(pid)?;
        side.watchers.open(|_| CUSTOMER).await?;
        sleep(REST).await;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let per_watcher = resident(pid)?.saturating_sub(before) as f64 / watchers as f64;
        side.per_watcher = per_watcher;
        Ok(side)
    }

    /// One event to every watcher.
    async fn turn(&mut self, watchers: usize) -> Result<()> {
        let before = self.watchers.messages();
        let sent = parse_clock(&self.sender.ask(self.order).await?)?;
        let reached = self.watchers.reached(before + watchers).await?;
        self.turns.push(reached.saturating_sub(sent));
        // More than one message a watcher would be another thing than what is measured.
        if self.watchers.messages() != before + watchers {
            return Err("a turn was more than one event".into());
        }
        Ok(())
    }

    fn quantile(&self, share: f64) -> f64 {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position in a short list"
        )]
        let position = ((self.turns.len() as f64 * share).ceil() as usize).clamp(1, self.turns.len());
        self.turns[position - 1].as_secs_f64()
    }
}

/// The event that the gateway sends for a change, as its watchers get it.
async fn event(gateway: SocketAddr, upstream: &mut Role) -> Result<Vec<u8>> {
    let mut tasks = JoinSet::new();
    let (messages, mut told) = mpsc::unbounded_channel();
    let mut requests = connection(gateway, &mut tasks).await?;
    let (ends, _) = mpsc::unbounded_channel();
    collect(&mut requests, CUSTOMER, &mut tasks, messages, ends).await?;
    let snapshot = told.recv().await.ok_or("no snapshot")?;
    upstream.ask("hold").await?;
    upstream.ask("change").await?;
    upstream.ask("free").await?;
    let delta = told.recv().await.ok_or("no delta")?;
    ActiveCallsResponse::decode(snapshot)?;
    ActiveCallsResponse::decode(delta.clone())?;
    Ok(delta.to_vec())
}

fn print(event: usize, watchers: usize, [gateway, bare]: &[Side; 2]) {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = watchers as f64;
    let cell = |digits: usize, of: &dyn Fn(&Side) -> f64| {
        let (gateway, bare) = (of(gateway), of(bare));
        format!(
            "{gateway:.digits$} \\| {bare:.digits$} \\| **{:.2}**",
            gateway / bare
        )
    };
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let cost = |side: &Side| side.cpu.as_secs_f64() / (side.turns.len() as f64 * count);
    let cells = [
        format!("{event} B"),
        watchers.to_string(),
        cell(2, &|side| cost(side) * 1e6),
        cell(0, &|side| 1.0 / cost(side)),
        cell(1, &|side| side.quantile(0.5) * 1e3),
        cell(1, &|side| side.quantile(0.99) * 1e3),
        cell(0, &|side| count / side.quantile(0.5)),
        cell(2, &|side| side.per_watcher / 1024.0),
    ];
    println!("| {} |", cells.join(" | "));
}
