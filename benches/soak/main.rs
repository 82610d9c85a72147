//! The long run: the gateway between an upstream that lies and clients that hurt, for as long as it is told.
//!
//! ```text
//!   2,000 watchers ──┐
//!   200 calls a second ──┼──▶ portico serve ──▶ the liar ──▶ portico sandbox
//!   attackers ───────┘      (a process)        (here)        (a process)
//! ```
//!
//! Watchers fold what they are told and check it, event by event; callers check each answer; every change is entered
//! in a ledger with what its caller was told. The liar passes on the sandbox's answers, or hangs, cuts, breaks, swaps and
//! inflates them; attackers open what they never use, and do not read what they asked for. At the end the liar turns honest
//! and the attackers leave. Then every watcher must have the sandbox's state, the ledger must agree with what the sandbox
//! did, and the gateway must hold about the memory that it held early on.
//!
//! `cargo bench --bench soak` runs for three minutes, `SOAK_MINUTES=60` for an hour. It ends with an error if anything was
//! found.

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod attackers;
mod callers;
mod findings;
#[allow(dead_code, reason = "what the other benches use")]
#[path = "../harness/harness.rs"]
mod harness;
mod ledger;
mod liar;
mod watchers;
mod world;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use self::findings::Findings;
use self::harness::portico::Portico;
use self::harness::{Result, settings, table};
use self::ledger::Ledger;
use self::liar::Liar;
use self::watchers::Watchers;
use self::world::{Witness, World};

/// How long the gateway waits for the upstream; with it, how long a change can be under way.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let minutes: u32 = settings::variable("SOAK_MINUTES", 3)?;
    let sandbox = Portico::sandbox(&["--customers", "20"]).await?;
    let findings = Findings::default();
    let liar = Liar::before(sandbox.address, &findings).await?;
    let timeout = format!("{}s", UPSTREAM_TIMEOUT.as_secs());
    let gateway = Portico::serve(liar.address, &["--upstream-timeout", &timeout]).await?;
    let honest = Portico::serve(sandbox.address, &[]).await?;
    let witness = Witness::at(honest.address)?;
    let world = Arc::new(World::of(&witness).await?);
    let ledger = Ledger::default();

    let watchers = Watchers::start(gateway.address, &world, &findings)?;
    let trouble = CancellationToken::new();
    let mut clients = JoinSet::new();
    callers::start(gateway.address, &world, &findings, &trouble, &mut clients)?;
    ledger.start(gateway.address, &world, &findings, &trouble, &mut clients)?;
    let sweep = ledger
        .clone()
        .sweep(witness.clone(), world.clone(), findings.clone(), trouble.clone());
    clients.spawn(sweep);
    let admin = gateway
        .admin
        .ok_or("it did not say where the operator's port is")?;
    attackers::start(gateway.address, admin, &findings, &trouble, &mut clients);
    liar.lie(true);

    println!("## {minutes} minutes of trouble\n");
    table::head(&[
        "minute",
        "RSS (MiB)",
        "calls",
        "events",
        "changes",
        "attacks",
        "lies",
        "findings",
    ]);
    let started = Instant::now();
    let mut early = 0.0;
    for minute in 1..=minutes {
        sleep_until(started + Duration::from_secs(60) * minute).await;
        let resident = gateway.meter.resident()? / 1024.0;
        if minute <= 5.min(minutes.div_ceil(2)) {
            early = resident;
        }
        table::row(&[
            minute.to_string(),
            format!("{resident:.1}"),
            findings.count_of("calls"),
            findings.count_of("events"),
            findings.count_of("changes"),
            findings.count_of("attacks"),
            findings.count_of("lies"),
            findings.list().len().to_string(),
        ]);
    }

    trouble.cancel();
    liar.lie(false);
    // What is under way ends, at the upstream too.
    while let Some(client) = clients.join_next().await {
        client?;
    }
    sleep(UPSTREAM_TIMEOUT + liar::LATEST).await;
    watchers.converge(&witness, &world, &findings).await?;
    ledger.settle(Duration::ZERO, &witness, &world, &findings).await?;
    // With the watchers, as early on.
    let late = gateway.meter.resident()? / 1024.0;
    println!("\nRSS early {early:.1} MiB, at the end {late:.1} MiB");
    if late > early * 1.2 {
        findings.report(format!("memory grew from {early:.1} to {late:.1} MiB"));
    }
    findings.print();
    match findings.list().len() {
        0 => Ok(()),
        count => Err(format!("{count} findings").into()),
    }
}
