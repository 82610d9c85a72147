//! The laws, each a validator of its own, held to on every generated history.
//!
//! At each law stands at least one change of the gateway that it was seen to catch.

mod atomic;
mod bounded_memory;
mod convergent;
mod honest_freshness;
mod isolated;
mod net_equivalent;
mod no_collateral;
mod no_false_empty;
mod one_poll;
mod ordered;
mod resumable;
mod unique;

use std::time::{Duration, SystemTime};

use portico::proto::v1::ActiveCallsResponse;

use super::held::{Held, Wrongs};
use super::history::{HISTORIES_RUN, History};
use super::recorder::{Opened, Recording, Seen};
use super::upstream::Poll;

/// A timer fires on a whole millisecond, so up to one late; so does the one that a poll is answered with.
const TICK: Duration = Duration::from_millis(2);

/// What is to hold of every history.
trait Law {
    /// # Errors
    ///
    /// What breaks the law, in words.
    fn check(history: &History) -> Result<(), String>;
}

/// Holds every history to a law, and names the seed of the first that breaks it.
fn hold<L: Law>() {
    for history in HISTORIES_RUN.iter() {
        if let Err(breach) = L::check(history) {
            panic!("WATCH_SEED={}: {breach}", history.seed);
        }
    }
}

/// A client's step: an event, and what the client held before and after it.
struct Step<'r> {
    stream: &'r Opened,
    seen: &'r Seen,
    first: bool,
    before: &'r Held,
    after: &'r Held,
    wrongs: Wrongs,
}

/// Replays what a client saw, step by step, as a client would.
fn replay(
    recording: &Recording,
    mut each: impl FnMut(&Step<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut held = Held::default();
    for stream in &recording.streams {
        held.reconnect();
        for (number, seen) in stream.seen.iter().enumerate() {
            let before = held.clone();
            let first = number == 0;
            let wrongs = held.apply(&seen.event);
            let (before, after) = (&before, &held);
            each(&Step {
                stream,
                seen,
                first,
                before,
                after,
                wrongs,
            })
            .map_err(|breach| {
                let Recording { temper, feed, .. } = recording;
                format!(
                    "a {temper:?} client of {feed:?} at gateway {}: {breach}\nby {:#?}",
                    stream.gateway, seen.event
                )
            })?;
        }
    }
    Ok(())
}

/// The poll that an event claims to be of: the one that had ended by `observed_at`, before the next began.
fn claimed<'h>(polls: &'h [Poll], event: &ActiveCallsResponse) -> Option<(usize, &'h Poll)> {
    let observed_at = SystemTime::try_from(event.observed_at?).ok()?;
    let begun = polls.partition_point(|poll| poll.started_wall <= observed_at);
    let index = begun.checked_sub(1)?;
    let (_, ended) = polls[index].ended?;
    (ended <= observed_at).then_some((index, &polls[index]))
}

fn refuse(wrongs: &[String]) -> Result<(), String> {
    match wrongs.first() {
        Some(wrong) => Err(wrong.clone()),
        None => Ok(()),
    }
}
