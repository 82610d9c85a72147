//! `HonestFreshness`: nothing says LIVE whose last good poll is older than max(3 intervals, 10 s); each transition
//! is told at once; `observed_at` is the moment of a poll and never goes back.

use std::time::{Duration, SystemTime};

use portico::proto::v1::Freshness;
use portico::proto::v1::active_calls_response::Event;
use tokio::time::Instant;

use super::{Law, Step, TICK, claimed, hold, replay};
use crate::history::History;
use crate::recorder::{Recording, Temper};

struct HonestFreshness;

impl Law for HonestFreshness {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            let mut observed = None;
            replay(recording, |step| {
                is_honest(history, recording, step)?;
                observes_forward(step, &mut observed)
            })?;
        }
        history
            .of_temper(Temper::Prompt)
            .try_for_each(|recording| is_told_at_once(history, recording))
    }
}

fn is_honest(history: &History, recording: &Recording, step: &Step<'_>) -> Result<(), String> {
    let polls = history.polls(step.stream.gateway, recording.feed);
    if claimed(polls, &step.seen.event).is_none() {
        return Err("observed while no poll had just ended".to_owned());
    }
    // Later parts repeat the first: a client applies them with the last, and is told right after it if time has
    // passed.
    if !step.before.is_whole() && !step.first {
        return Ok(());
    }
    let last_good = history
        .believed(step.stream.gateway, recording.feed)
        .filter_map(|poll| poll.ended)
        .map(|(ended, _)| ended)
        .filter(|ended| *ended <= step.seen.at)
        .max()
        .ok_or("an event before the first good poll")?;
    let age = step.seen.at - last_good;
    let (stale, down) = (history.stale_after(), history.params.down_after);
    let fits = match step.seen.event.freshness() {
        Freshness::Live => age <= stale + TICK,
        Freshness::Stale => age >= stale && age <= down + TICK,
        Freshness::Down => age >= down,
        Freshness::Unspecified => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("the last good poll is {age:?} old"))
    }
}

fn observes_forward(step: &Step<'_>, last: &mut Option<(usize, SystemTime)>) -> Result<(), String> {
    let observed = step
        .seen
        .event
        .observed_at
        .and_then(|at| SystemTime::try_from(at).ok());
    let observed = observed.ok_or("an event that does not say when it was observed")?;
    let gateway = step.stream.gateway;
    if last.is_some_and(|(of, last)| of == gateway && last > observed) {
        return Err("observed before the event before".to_owned());
    }
    *last = Some((gateway, observed));
    Ok(())
}

/// The transitions of a feed are told in the instant in which they happen.
fn is_told_at_once(history: &History, recording: &Recording) -> Result<(), String> {
    let Some(gateway) = recording.streams.first().map(|stream| stream.gateway) else {
        return Err("a client without a stream".to_owned());
    };
    let good: Vec<_> = history
        .believed(gateway, recording.feed)
        .filter_map(|poll| poll.ended)
        .map(|(ended, _)| ended)
        .collect();
    let (stale, down) = (history.stale_after(), history.params.down_after);
    for (index, &last) in good.iter().enumerate() {
        let next = good.get(index + 1).copied().unwrap_or(history.until);
        let gap = next - last;
        let expected = [
            (gap > stale + TICK, last + stale, Freshness::Stale),
            (gap > down + TICK, last + down, Freshness::Down),
            (gap > stale + TICK, next, Freshness::Live),
        ];
        for (_, at, freshness) in expected.into_iter().filter(|(happens, ..)| *happens) {
            if at + TICK < history.until && !is_told(recording, at, freshness) {
                let after: Duration = at - last;
                return Err(format!(
                    "a prompt client of {:?} at gateway {gateway} is not told {freshness:?} {after:?} after a good poll",
                    recording.feed
                ));
            }
        }
    }
    Ok(())
}

fn is_told(recording: &Recording, at: Instant, freshness: Freshness) -> bool {
    recording.streams.iter().any(|stream| {
        // Whoever opens a stream right then is told with its first event.
        let opened = stream.answered >= at && stream.answered <= at + TICK;
        let told = stream.seen.iter().any(|seen| {
            matches!(seen.event.event, Some(Event::FeedState(_)))
                && seen.event.freshness() == freshness
                && seen.at >= at
                && seen.at <= at + TICK
        });
        opened || told
    })
}

/// Seen to fail: with `Polled::Unconfirmed` counted as good in `finish` of poller.rs, a doubted answer keeps the
/// state live.
#[test]
fn honest_freshness() {
    hold::<HonestFreshness>();
}
