//! `Ordered`: the versions of a stream never go back, and a delta leads on from the version before it.

use super::{Law, hold, refuse, replay};
use crate::history::History;

struct Ordered;

impl Law for Ordered {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            replay(recording, |step| refuse(&step.wrongs.order))?;
        }
        Ok(())
    }
}

/// Seen to fail: with `self.feed_state = None` taken out of `forget_the_moment` in frames.rs, a feed state that is told
/// late goes back to an earlier version.
#[test]
fn ordered() {
    hold::<Ordered>();
}
