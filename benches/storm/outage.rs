//! An upstream that fails for a while, and is well again.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::harness::Result;
use super::reads::{Read, client, during, offer};
use super::upstream::Mode;
use super::watchers::Watchers;
use super::{Row, started};

const SECOND: Duration = Duration::from_secs(1);

/// Reads offered in a second.
const RATE: u32 = 300;

/// For how long the upstream fails: the breaker's pauses begin at 0, 5 and 15 s, a fifth more or less.
const OUTAGE: Duration = Duration::from_secs(12);

/// The pause that is in force at the end of the outage, and the next one, at their longest.
const TWO_PAUSES: Duration = Duration::from_secs(12 + 24);

/// Watchers, and the feeds they share.
const WATCHERS: usize = 1_000;
const FEEDS: i64 = 200;

/// Polls of a tenth of a second when all is well: each feed every two seconds.
const STEADY: usize = 10;

fn is_open(read: &Read) -> bool {
    read.failed.as_deref() == Some("UPSTREAM_BREAKER_OPEN")
}

/// Reads through an outage.
pub(super) async fn reads(mode: Mode) -> Result<Vec<Row>> {
    let (upstream, gateway) = started().await?;
    let client = client(gateway.address)?;
    let before = offer(&client, RATE, during(3 * SECOND)).await?;
    let well = before.iter().filter(|read| read.failed.is_none()).count();
    upstream.reads();
    upstream.set(mode);
    offer(&client, RATE, |ended| !ended.iter().any(is_open)).await?;
    let reached = upstream.reads();
    let open = offer(&client, RATE, during(OUTAGE)).await?;
    let (refused, trials) = (open.iter().filter(|read| is_open(read)).count(), upstream.reads());

    upstream.set(Mode::Well);
    let healed = Instant::now();
    let is_well = |ended: &[Read]| {
        ended
            .iter()
            .any(|read| read.asked > healed && read.failed.is_none())
    };
    let until_well = offer(&client, RATE, |ended| {
        !is_well(ended) && healed.elapsed() < 2 * TWO_PAUSES
    })
    .await?;
    let first = until_well.iter().filter(|read| read.failed.is_none());
    let recovered = first.map(|read| read.asked + read.took - healed).min();
    let after = offer(&client, RATE, during(3 * SECOND)).await?;
    let well_after = after.iter().filter(|read| read.failed.is_none()).count();
    let recovered = recovered.ok_or("it did not recover")?;
    Ok(vec![
        row(
            "served before, of those offered",
            format!("{well} of {}", before.len()),
            "all",
            well == before.len(),
        ),
        row(
            "reads that reached it until the breaker opened",
            reached.to_string(),
            "five, and those under way then",
            reached <= 15,
        ),
        row(
            "reads that reached it while it was open",
            format!("{trials}, of {} offered; {refused} refused", open.len()),
            "one after each pause",
            trials <= 3,
        ),
        row(
            "from well again to the first served",
            format!("{recovered:.1?}"),
            "two pauses",
            recovered <= TWO_PAUSES,
        ),
        row(
            "served then, of those offered",
            format!("{well_after} of {}", after.len()),
            "all",
            well_after == after.len(),
        ),
    ])
}

/// Reads of which a third of the attempts fails: the breaker stays closed.
pub(super) async fn partly() -> Result<Vec<Row>> {
    let (upstream, gateway) = started().await?;
    let client = client(gateway.address)?;
    // The budget is a part of the calls of a second: those of the one before the fault are offered, too.
    upstream.reads();
    let mut all = offer(&client, RATE, during(SECOND)).await?;
    upstream.set(Mode::Third);
    all.extend(offer(&client, RATE, during(30 * SECOND)).await?);
    let reached = upstream.reads();
    let served = all.iter().filter(|read| read.failed.is_none()).count();
    let opened = all.iter().filter(|read| is_open(read)).count();
    let offered = u64::try_from(all.len())?;
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    let ratio = reached as f64 / offered as f64;
    Ok(vec![
        row(
            "reads that reached it, of those offered",
            format!("{ratio:.3} ({reached} of {offered})"),
            "at most 1.2",
            reached <= offered * 12 / 10 && opened == 0,
        ),
        row(
            "served, of those offered",
            format!("{served}"),
            "two thirds",
            served * 3 > all.len() * 2,
        ),
    ])
}

/// Watchers through an outage.
pub(super) async fn watchers(mode: Mode) -> Result<Vec<Row>> {
    let (upstream, gateway) = started().await?;
    let watchers = Watchers::start(gateway.address, WATCHERS, FEEDS)?;
    watchers.all_live(20 * SECOND).await?;
    sleep(2 * SECOND).await;
    upstream.polls();
    sleep(10 * SECOND).await;
    let quiet = upstream.polls().len();
    upstream.set(mode);
    sleep(2 * SECOND).await;
    upstream.polls();
    sleep(OUTAGE.saturating_sub(2 * SECOND)).await;
    let (failed, alive) = (upstream.polls().len(), watchers.count_live());
    upstream.set(Mode::Well);
    let healed = Instant::now();
    let recovered = watchers.all_live(2 * TWO_PAUSES).await?;
    sleep(2 * SECOND).await;
    let mut by_moment = BTreeMap::<u128, usize>::new();
    for poll in upstream.polls() {
        *by_moment.entry((poll - healed).as_millis() / 100).or_default() += 1;
    }
    let most = by_moment.values().max().copied().unwrap_or_default();
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    let per_interval = quiet as f64 / (FEEDS as f64 * 5.0);
    Ok(vec![
        row(
            "polls of a feed in an interval, before",
            format!("{per_interval:.2}"),
            "at most 1.1",
            per_interval <= 1.1,
        ),
        row(
            "polls that reached it while it failed, in ten seconds",
            failed.to_string(),
            "one after each pause",
            failed <= 3,
        ),
        row(
            "watchers that were told of it",
            (WATCHERS - alive).to_string(),
            "all",
            alive == 0,
        ),
        row(
            "from well again to all watchers live",
            format!("{recovered:.1?}"),
            "two pauses",
            recovered <= TWO_PAUSES,
        ),
        row(
            "most polls in a tenth of a second then",
            format!("{most}; {STEADY} when all is well"),
            "three times as many",
            most <= 3 * STEADY,
        ),
    ])
}

fn row(what: &'static str, value: String, bar: &'static str, is_met: bool) -> Row {
    Row {
        what,
        value,
        bar,
        is_met,
    }
}
