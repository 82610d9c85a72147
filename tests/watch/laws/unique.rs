//! `Unique`: a key is at most once in an event and in the set, starts when it is not there and ends when it is.

use super::{Law, hold, refuse, replay};
use crate::history::History;

struct Unique;

impl Law for Unique {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            replay(recording, |step| refuse(&step.wrongs.unique))?;
        }
        Ok(())
    }
}

/// Seen to fail: with `net[position].after.clone_from(…)` in table.rs changed to a `net.push(…)`, a row that
/// changed twice is in a folded delta twice.
#[test]
fn unique() {
    hold::<Unique>();
}
