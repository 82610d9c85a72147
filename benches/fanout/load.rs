//! What the upstream sees of ten thousand watchers, by its own count.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::harness::portico::Portico;
use super::harness::{Result, table};
use super::upstream;
use super::watchers::{STREAMS, Watchers};

const WATCHERS: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(1);
const INTERVALS: u32 = 20;

/// Counts for watchers of one customer and of a hundred.
pub(super) async fn run() -> Result<()> {
    println!("## upstream requests an interval, of {WATCHERS} watchers\n");
    table::head(&["customers", "requests", "intervals", "requests an interval"]);
    for customers in [1, 100] {
        let (requests, intervals) = count(customers).await?;
        #[allow(clippy::cast_precision_loss, reason = "a small count")]
        let rate = requests as f64 / intervals;
        table::row(&[
            customers.to_string(),
            requests.to_string(),
            format!("{intervals:.1}"),
            format!("**{rate:.2}**"),
        ]);
    }
    println!();
    Ok(())
}

async fn count(customers: i64) -> Result<(u64, f64)> {
    let mut upstream = upstream::start(1).await?;
    let gateway = Portico::serve(upstream.address, &["--poll-interval", "1s"]).await?;
    let mut watchers = Watchers::connect(gateway.address, WATCHERS / STREAMS).await?;
    let customer = |index| i64::try_from(index).unwrap_or_default() % customers + 1;
    watchers.open(customer).await?;
    let started = Instant::now();
    let before: u64 = upstream.ask("polls").await?.parse()?;
    sleep(INTERVAL * INTERVALS).await;
    let after: u64 = upstream.ask("polls").await?.parse()?;
    let intervals = started.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
    Ok((after - before, intervals))
}
