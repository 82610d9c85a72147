//! `BoundedMemory`: what the gateway holds of the deltas that it told does not grow with time, nor with watchers
//! that do not read: at most the ring is kept.
//!
//! A prompt client keeps every frame that it was handed; a frame that the gateway still holds anywhere is shared
//! with it.

use super::{Law, hold};
use crate::history::History;
use crate::recorder::Temper;

struct BoundedMemory;

impl Law for BoundedMemory {
    fn check(history: &History) -> Result<(), String> {
        let most = history.params.ring_entries;
        for recording in history.of_temper(Temper::Prompt) {
            if recording.shared_frames > most {
                let held = recording.shared_frames;
                return Err(format!("{held} old frames are held, in a ring of {most}"));
            }
        }
        Ok(())
    }
}

/// Seen to fail: with the loop that shortens the ring in log.rs taken out, every delta there ever was is kept.
#[test]
fn bounded_memory() {
    hold::<BoundedMemory>();
}
