//! What reads of a healthy path feel of polls that hang, in rounds that alternate.

use std::time::Duration;

use tokio::time::sleep;

use super::harness::Result;
use super::harness::rounds::{alternate, median, quantile};
use super::reads::{client, during, offer};
use super::upstream::Mode;
use super::watchers::Watchers;
use super::{Row, started};

const SECOND: Duration = Duration::from_secs(1);

/// Reads offered in a second.
const RATE: u32 = 300;

const ROUNDS: usize = 5;

/// p50 and p99 of the reads while polls are answered, and while they hang.
pub(super) async fn run() -> Result<Vec<Row>> {
    let (upstream, gateway) = started().await?;
    let client = client(gateway.address)?;
    let watchers = Watchers::start(gateway.address, 1_000, 200)?;
    watchers.all_live(20 * SECOND).await?;
    let mut failed = 0;
    let mut sides = [Mode::Well, Mode::PollsHang];
    let [well, hanging] = alternate(&mut sides, ROUNDS, async |mode| {
        upstream.set(*mode);
        // Until each feed has had its turn: the polls of the other side have ended, or all that there may be hang.
        sleep(3 * SECOND).await;
        let reads = offer(&client, RATE, during(5 * SECOND)).await?;
        failed += reads.iter().filter(|read| read.failed.is_some()).count();
        let took = |share| quantile(reads.iter().map(|read| read.took.as_secs_f64()), share);
        Ok((took(0.5), took(0.99)))
    })
    .await?;
    let ratio = |of: fn(&(f64, f64)) -> f64| median(hanging.iter().map(of)) / median(well.iter().map(of));
    let (p50, p99) = (ratio(|times| times.0), ratio(|times| times.1));
    let alone = median(well.iter().map(|times| times.1)) * 1e3;
    Ok(vec![
        Row {
            what: "p50 of a read while polls hang",
            value: format!("{p50:.2} of that while they are answered"),
            bar: "at most 1.2",
            is_met: p50 <= 1.2,
        },
        Row {
            what: "p99 of a read while polls hang",
            value: format!("{p99:.2} of that while they are answered, {alone:.2} ms"),
            bar: "at most 1.2",
            is_met: p99 <= 1.2,
        },
        Row {
            what: "reads that failed",
            value: failed.to_string(),
            bar: "none",
            is_met: failed == 0,
        },
    ])
}
