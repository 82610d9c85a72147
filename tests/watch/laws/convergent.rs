//! `Convergent`: after some quiet, every client that reads holds what the upstream says, and knows that it is live.

use portico::proto::v1::Freshness;

use super::{Law, hold, replay};
use crate::held::Held;
use crate::history::History;
use crate::recorder::Temper;

struct Convergent;

impl Law for Convergent {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            if recording.temper == Temper::Stuck {
                continue;
            }
            let (mut held, mut freshness) = (None, Freshness::Unspecified);
            replay(recording, |step| {
                held = Some(step.after.clone());
                freshness = step.seen.event.freshness();
                Ok(())
            })?;
            let (feed, last) = (recording.feed, history.last(recording.feed));
            let is_good = |held: &Held| held.is_whole() && freshness == Freshness::Live;
            let Some(held) = held.filter(is_good) else {
                return Err(format!(
                    "a client of {feed:?} ends {freshness:?}, or with half a snapshot"
                ));
            };
            if held.state != *last {
                return Err(format!(
                    "a client of {feed:?} ends with {held:#?}\ninstead of {last:#?}"
                ));
            }
        }
        Ok(())
    }
}

/// Seen to fail: with `body == self.body` in observe.rs changed to compare lengths, a change of the same length is
/// never seen.
#[test]
fn convergent() {
    hold::<Convergent>();
}
