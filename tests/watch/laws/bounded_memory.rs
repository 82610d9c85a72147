//! `BoundedMemory`: what the gateway holds of the events that it told does not grow with time, nor with watchers
//! that do not read: at most what leads to the present version is kept, to those who watch and those who come again.

use portico::proto::v1::active_calls_response::Event;

use super::{Law, hold};
use crate::history::History;

/// In sizes of the largest delta: the last step, the same once more for those who are told that it is not live, and a
/// state that somebody has just been told.
const MOST: usize = 4;

/// What a frame takes besides its message.
const OVERHEAD: usize = 256;

struct BoundedMemory;

impl Law for BoundedMemory {
    fn check(history: &History) -> Result<(), String> {
        let streams = history.recordings.iter().flat_map(|recording| &recording.streams);
        let events = streams.flat_map(|stream| &stream.seen).map(|seen| &seen.event);
        let deltas = events.filter(|event| matches!(event.event, Some(Event::Delta(_))));
        let largest = deltas.map(prost::Message::encoded_len).max().unwrap_or(0);
        let most = MOST * (largest + OVERHEAD);
        match history.held.iter().max() {
            Some(held) if *held > most => Err(format!("{held} bytes of frames are held, and not {most}")),
            _ => Ok(()),
        }
    }
}

/// Seen to fail: with `std::mem::forget(self.step.take())` for `self.step = None` in frames.rs, every delta there ever
/// was is kept.
#[test]
fn bounded_memory() {
    hold::<BoundedMemory>();
}
