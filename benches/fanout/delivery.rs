//! What an event costs, how soon all watchers have it, and how much memory an idle watcher holds.

use std::net::SocketAddr;
use std::time::Duration;

use portico::proto::v1::ActiveCallsResponse;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::harness::portico::Portico;
use super::harness::process::{Meter, Role, parse_clock};
use super::harness::rounds::{alternate, median, quantile};
use super::harness::{Result, settings, table};
use super::watchers::{STREAMS, Watchers, collect, connection};
use super::{bare, frames, upstream};

/// How many calls change for events of about 0.5 KB and of about 9 KB.
const CHANGING: [usize; 2] = [1, 22];
const WATCHERS: [usize; 2] = [1_000, 10_000];

/// Turns before those that count.
const WARM_UP: usize = 5;

/// How long to wait after watchers were opened, so that the servers are idle.
const REST: Duration = Duration::from_secs(2);

/// The one customer that is watched.
const CUSTOMER: i64 = 1;

/// One of the two servers, and its watchers.
struct Side {
    meter: Meter,
    watchers: Watchers,
    count: usize,
    /// The process that makes it send, by `order`.
    sender: Role,
    order: &'static str,
    /// The KiB of an idle watcher.
    resident: f64,
}

/// What was measured of a side.
struct Measured {
    /// Seconds of CPU for one event to one watcher.
    cost: f64,
    p50: f64,
    p99: f64,
    resident: f64,
}

/// Runs all rows of the table.
pub(super) async fn run() -> Result<()> {
    let turns = settings::variable("FANOUT_TURNS", 60)?;
    println!("## delivery: gateway | bare | gateway by bare\n");
    table::head(&[
        "event",
        "watchers",
        "CPU an event, us",
        "events a CPU-second",
        "change to last watcher p50, ms",
        "p99, ms",
        "events/s at p50",
        "resident an idle watcher, KB",
    ]);
    for changing in CHANGING {
        for watchers in WATCHERS {
            row(changing, watchers, turns).await?;
        }
    }
    println!();
    Ok(())
}

async fn row(changing: usize, watchers: usize, turns: usize) -> Result<()> {
    let mut upstream = upstream::start(changing).await?;
    let gateway = Portico::serve(upstream.address, &["--poll-interval", "50ms"]).await?;
    let event = event(gateway.address, &mut upstream).await?;
    let mut bare = Role::start(&[bare::ROLE]).await?;
    bare.ask(&format!("event {}", frames::to_hex(&event))).await?;

    let (bare_meter, bare_address) = (bare.meter, bare.address);
    let mut sides = [
        Side::open(gateway.meter, gateway.address, watchers, upstream, "change").await?,
        Side::open(bare_meter, bare_address, watchers, bare, "send").await?,
    ];
    sides[0].sender.ask("hold").await?;
    alternate(&mut sides, WARM_UP, Side::turn).await?;
    let before = [sides[0].meter.cpu()?, sides[1].meter.cpu()?];
    let [ours, theirs] = alternate(&mut sides, turns, Side::turn).await?;
    print(
        event.len(),
        watchers,
        &[
            sides[0].measured(before[0], &ours)?,
            sides[1].measured(before[1], &theirs)?,
        ],
    );
    Ok(())
}

impl Side {
    async fn open(
        meter: Meter,
        address: SocketAddr,
        count: usize,
        sender: Role,
        order: &'static str,
    ) -> Result<Self> {
        let mut watchers = Watchers::connect(address, count / STREAMS).await?;
        sleep(REST).await;
        let before = meter.resident()?;
        watchers.open(|_| CUSTOMER).await?;
        sleep(REST).await;
        Ok(Self {
            meter,
            watchers,
            count,
            sender,
            order,
            resident: (meter.resident()? - before) / float(count),
        })
    }

    /// One event to every watcher; the seconds that it took.
    async fn turn(&mut self) -> Result<f64> {
        let before = self.watchers.messages();
        let sent = parse_clock(&self.sender.ask(self.order).await?)?;
        let reached = self.watchers.reached(before + self.count).await?;
        // More than one message for a watcher would not be what is to be measured.
        if self.watchers.messages() != before + self.count {
            return Err("a turn was more than one event".into());
        }
        Ok(reached.saturating_sub(sent).as_secs_f64())
    }

    /// The result of the turns; `before` is the processor time that the server had used when they began.
    fn measured(&self, before: Duration, turns: &[f64]) -> Result<Measured> {
        let used = self.meter.cpu()?.saturating_sub(before).as_secs_f64();
        let seconds = || turns.iter().copied();
        Ok(Measured {
            cost: used / float(turns.len() * self.count),
            p50: median(seconds()),
            p99: quantile(seconds(), 0.99),
            resident: self.resident,
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
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

fn print(event: usize, watchers: usize, [gateway, bare]: &[Measured; 2]) {
    let cell = |digits: usize, of: &dyn Fn(&Measured) -> f64| {
        let (gateway, bare) = (of(gateway), of(bare));
        format!(
            "{gateway:.digits$} \\| {bare:.digits$} \\| **{:.2}**",
            gateway / bare
        )
    };
    table::row(&[
        format!("{event} B"),
        watchers.to_string(),
        cell(2, &|side| side.cost * 1e6),
        cell(0, &|side| 1.0 / side.cost),
        cell(1, &|side| side.p50 * 1e3),
        cell(1, &|side| side.p99 * 1e3),
        cell(0, &|side| float(watchers) / side.p50),
        cell(2, &|side| side.resident),
    ]);
}
