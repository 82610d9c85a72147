//! `OnePoll`: however many watch, a feed has at most one poll in flight and one an interval; the next is never
//! forgotten.

use super::{Law, TICK, hold};
use crate::history::{FEEDS, Feed, History};
use portico::upstream::client;

struct OnePoll;

impl Law for OnePoll {
    fn check(history: &History) -> Result<(), String> {
        for feed in FEEDS {
            for gateway in 0..2 {
                is_paced(history, gateway, feed)
                    .map_err(|breach| format!("{feed:?} at gateway {gateway}: {breach}"))?;
            }
        }
        Ok(())
    }
}

fn is_paced(history: &History, gateway: usize, feed: Feed) -> Result<(), String> {
    let interval = history.params.interval;
    let polls = history.polls(gateway, feed);
    let believed: Vec<_> = history.believed(gateway, feed).collect();
    let longest = interval.max(history.stale_after() / 2);
    for pair in polls.windows(2) {
        let [poll, next] = pair else { continue };
        let Some((ended, _)) = poll.ended.filter(|(ended, _)| *ended <= next.started) else {
            return Err("two polls in flight".to_owned());
        };
        // A good answer that is not believed is asked for again soon.
        let doubted = poll.showed.is_some() && !believed.iter().any(|good| std::ptr::eq(*good, poll));
        let shortest = if doubted { interval / 4 } else { interval };
        let wait = next.started - ended;
        if wait < shortest || wait > longest + TICK {
            return Err(format!("a poll {wait:?} after another, doubted {doubted}"));
        }
    }
    let last = polls.last().ok_or("no poll")?;
    let silent = history.until.saturating_duration_since(last.started);
    if silent > longest + client::Params::default().timeout {
        return Err(format!("no poll for the last {silent:?}"));
    }
    Ok(())
}

/// Seen to fail: with a poll started where owner.rs is `visited`, every watcher that comes costs a poll of its own.
#[test]
fn one_poll() {
    hold::<OnePoll>();
}
