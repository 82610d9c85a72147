//! Unique: a key is at most once in an event and in the set, starts when it is not there and ends when it is.

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

#[test]
fn unique() {
    hold::<Unique>();
}
