//! Gives memory back when the watch holds too much: first what can be made again, then what is kept for convenience, and
//! only then what is held by watchers that do not read.
//!
//! ```text
//!   1. frames kept for the next reader     made again when one comes
//!   2. the longest rings, down to a size   old tokens earn a snapshot
//!   3. the slowest watchers, by version    SLOW_CONSUMER when they read; a moment later their stream is reset
//! ```
//!
//! A watcher that reads is never ended, however much others hold: what it holds is gone within [`PATIENCE`], or is what all
//! hold. States are not given back at all: those that do not fit are not taken in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::budget::{Budget, Use};
use super::feed::Feed;
use super::log::Log;
use super::place::Stuck;
use super::registry::Registry;

/// Who has not read for so long can be ended, and whoever was has as long to read why.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it takes until what was given back is counted so. No more is given back in between.
const PAUSE: Duration = Duration::from_millis(20);

/// How often the log tells of those who were ended, at most.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// No ring is shortened to less.
const SHORT: usize = 4 * 1024;

/// A watcher that may be ended, and where.
struct Candidate<'f> {
    feed: &'f Feed,
    place: usize,
    stuck: Stuck,
}

/// Those who were ended and of whom the log has not told yet, and when it told last.
#[derive(Debug, Default)]
struct Ended {
    count: usize,
    told: Option<Instant>,
}

/// Keeps the watch within its memory until the gateway stops.
pub(super) async fn run(registry: Arc<Registry>, draining: CancellationToken) {
    let (mut is_over, mut ended) = (false, Ended::default());
    loop {
        if !is_over
            && draining
                .run_until_cancelled(needed(&registry, &ended))
                .await
                .is_none()
        {
            return;
        }
        let now = Instant::now();
        is_over = relieve(&registry, &mut ended, now);
        ended.tell(now);
        if draining.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

/// Completes when there is something to give back, or to tell.
async fn needed(registry: &Registry, ended: &Ended) {
    let exceeded = registry.budget().exceeded();
    if ended.count == 0 {
        exceeded.await;
    } else {
        // It is told then, if nothing comes before.
        let _ = timeout(TELL_EVERY, exceeded).await;
    }
}

/// Gives back what is too much. True if that is not all done yet.
fn relieve(registry: &Registry, ended: &mut Ended, now: Instant) -> bool {
    let budget = registry.budget();
    let feeds = registry.feeds();
    let mut given_up = None;
    for feed in &feeds {
        if let Some(held) = feed.lock().reset_those_given_up(PATIENCE, now) {
            given_up = Some(given_up.unwrap_or(0) + held);
        }
    }
    if budget.is_exceeded() {
        for feed in &feeds {
            feed.lock().log.iter_mut().for_each(Log::forget_the_frames);
        }
        shorten_rings(&feeds, budget);
        // What those hold who were given up before is as good as given back.
        ended.count += end_the_slowest(&feeds, budget, given_up.unwrap_or(0), now);
    }
    budget.is_exceeded() || given_up.is_some()
}

/// Shortens the longest rings to one size, which is halved until that is enough.
fn shorten_rings(feeds: &[Arc<Feed>], budget: &Budget) {
    let rings = || feeds.iter().map(|feed| feed.account.used(Use::Ring));
    let mut size = rings().max().unwrap_or(0);
    while budget.excess() > 0 && size > SHORT {
        size /= 2;
        for feed in feeds {
            feed.lock().log.iter_mut().for_each(|log| log.shorten(size));
        }
    }
}

/// Ends watchers that do not read, those first who have not for the longest, until what they hold is enough. How many were
/// ended. So many bytes are still `to_come` from those who were ended before.
fn end_the_slowest(feeds: &[Arc<Feed>], budget: &Budget, mut to_come: usize, now: Instant) -> usize {
    let mut slow: Vec<_> = feeds
        .iter()
        .flat_map(|feed| {
            let stuck = feed.lock().stuck(PATIENCE, now);
            stuck
                .into_iter()
                .map(|(place, stuck)| Candidate { feed, place, stuck })
        })
        .collect();
    slow.sort_by_key(|candidate| candidate.stuck.since);
    let event = |candidate: &Candidate<'_>| (candidate.feed.hash, candidate.stuck.version);
    // Those who were handed the same event hold it together.
    let mut holders: HashMap<_, usize> = HashMap::new();
    for candidate in &slow {
        *holders.entry(event(candidate)).or_default() += 1;
    }
    let mut ended = 0;
    for candidate in &slow {
        if budget.excess() <= to_come {
            break;
        }
        let Candidate { feed, place, stuck } = candidate;
        // It may have read since, or left its place to another.
        if !feed.lock().give_up_if_stuck(*place, PATIENCE, now) {
            continue;
        }
        ended += 1;
        let together = holders.get(&event(candidate)).copied().unwrap_or(1);
        to_come += stuck.handed / together.max(1);
    }
    ended
}

// === impl Ended ===

impl Ended {
    /// Has the log tell of those who were ended, unless it did so only lately.
    fn tell(&mut self, now: Instant) {
        let is_early = self
            .told
            .is_some_and(|told| now.duration_since(told) < TELL_EVERY);
        if self.count == 0 || is_early {
            return;
        }
        warn!(
            ended = std::mem::take(&mut self.count),
            "the memory of the watch is used up: watchers that do not read were ended"
        );
        self.told = Some(now);
    }
}
