//! SIGTERM with 1,000 open watches: what each is told, when the process ends, and how.

use std::time::Duration;

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::{ActiveCallsResponse, Goodbye, goodbye};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::harness::portico::Portico;
use super::harness::{Result, table};
use super::upstream;
use super::watchers::{STREAMS, collect, connection};

const WATCHERS: usize = 1_000;
const DRAIN_DELAY: Duration = Duration::from_secs(1);
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// `grpc-status` of `UNAVAILABLE`.
const UNAVAILABLE: i32 = 14;

/// Stops a gateway and prints what happens.
pub(super) async fn run() -> Result<()> {
    let upstream = upstream::start(1).await?;
    let mut gateway = Portico::serve(
        upstream.address,
        &["--drain-delay", "1s", "--drain-timeout", "20s"],
    )
    .await?;
    let mut tasks = JoinSet::new();
    let (messages, mut told) = mpsc::unbounded_channel();
    let (ends, mut ended) = mpsc::unbounded_channel();
    for _ in 0..WATCHERS / STREAMS {
        let mut requests = connection(gateway.address, &mut tasks).await?;
        for _ in 0..STREAMS {
            collect(&mut requests, 1, &mut tasks, messages.clone(), ends.clone()).await?;
        }
    }
    drop((messages, ends));
    gateway.terminate().await?;
    let started = Instant::now();
    let patience = DRAIN_DELAY + DRAIN_TIMEOUT + Duration::from_secs(5);
    let exit = timeout(patience, gateway.child.wait()).await??;
    let took = started.elapsed();

    let mut statuses = Vec::new();
    while let Some(status) = ended.recv().await {
        statuses.push(status);
    }
    let mut waits = Vec::new();
    while let Some(message) = told.recv().await {
        if let Some(Event::Goodbye(goodbye)) = ActiveCallsResponse::decode(message)?.event {
            waits.push(draining(&goodbye).ok_or("a goodbye for another reason")?);
        }
    }
    waits.sort_unstable();
    let unavailable = statuses
        .iter()
        .filter(|status| **status == Some(UNAVAILABLE))
        .count();
    println!("## SIGTERM with {WATCHERS} open watches\n");
    table::head(&[
        "goodbyes",
        "reconnect_after: least, median, most",
        "UNAVAILABLE",
        "the process ended after",
        "exit",
    ]);
    let (least, most) = waits.first().zip(waits.last()).ok_or("no goodbye")?;
    let median = waits[waits.len() / 2];
    table::row(&[
        waits.len().to_string(),
        format!("{least:.1?}, {median:.1?}, {most:.1?}"),
        unavailable.to_string(),
        format!("{took:.1?} of {DRAIN_DELAY:?} + {DRAIN_TIMEOUT:?}"),
        exit.to_string(),
    ]);
    println!();
    Ok(())
}

fn draining(goodbye: &Goodbye) -> Option<Duration> {
    let wait = Duration::try_from(goodbye.reconnect_after?).ok()?;
    (goodbye.reason() == goodbye::Reason::Draining).then_some(wait)
}
