//! `BoundedMemory`: what the gateway holds of the deltas that it told does not grow with time, nor with watchers
//! that do not read: at most what leads to the present version is kept, to those who watch and those who come again.
//!
//! A prompt client keeps every frame that it was handed; a frame that the gateway still holds anywhere is shared
//! with it.

use super::{Law, hold};
use crate::history::History;
use crate::recorder::Temper;

/// The last step, and the same once more for those who are told that it is not live.
const MOST: usize = 2;

struct BoundedMemory;

impl Law for BoundedMemory {
    fn check(history: &History) -> Result<(), String> {
        for recording in history.of_temper(Temper::Prompt) {
            if recording.shared_frames > MOST {
                let held = recording.shared_frames;
                return Err(format!("{held} frames are held, and not {MOST}"));
            }
        }
        Ok(())
    }
}

/// Seen to fail: with `std::mem::forget(self.step.take())` for `self.step = None` in frames.rs, every delta there ever
/// was is kept.
#[test]
fn bounded_memory() {
    hold::<BoundedMemory>();
}
