//! What 200 watchers of one customer cost the sandbox, whose world moves, by its own count.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::harness::Result;
use super::harness::portico::Portico;
use super::watchers::{STREAMS, Watchers};

const WATCHERS: usize = 200;
const INTERVAL: Duration = Duration::from_secs(2);
const INTERVALS: u32 = 10;

/// The operation that is polled, by the sandbox's name for it.
const POLLED: &str = "ActiveCalls";

/// Counts over some intervals.
pub(super) async fn run() -> Result<()> {
    let sandbox = Portico::sandbox(&[]).await?;
    let gateway = Portico::serve(sandbox.address, &["--poll-interval", "2s"]).await?;
    let mut watchers = Watchers::connect(gateway.address, WATCHERS / STREAMS).await?;
    watchers.open(|_| 1).await?;
    let started = Instant::now();
    let before = polls(sandbox.address).await?;
    sleep(INTERVAL * INTERVALS).await;
    let requests = polls(sandbox.address).await? - before;
    let intervals = started.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
    println!("## the sandbox under {WATCHERS} watchers of one customer\n");
    println!(
        "{requests} requests in {intervals:.1} intervals; {} events delivered\n",
        watchers.messages()
    );
    Ok(())
}

async fn polls(sandbox: SocketAddr) -> Result<u64> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer = http
        .get(format!("http://{sandbox}/_sandbox/stats"))
        .send()
        .await?;
    let stats: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(stats["by_operation"][POLLED].as_u64().unwrap_or_default())
}
