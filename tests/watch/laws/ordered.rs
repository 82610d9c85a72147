//! Ordered: the versions of a stream never go back, and a delta leads on from the version before it.

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

#[test]
fn ordered() {
    hold::<Ordered>();
}
