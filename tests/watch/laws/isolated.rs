//! `Isolated`: no row of one customer, or of other products, is in another's stream.

use portico::proto::v1::active_calls_response::Event;

use super::{Law, hold};
use crate::history::History;

struct Isolated;

impl Law for Isolated {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            let mark = recording.feed.mark();
            for seen in recording.streams.iter().flat_map(|stream| &stream.seen) {
                let (calls, statuses) = match &seen.event.event {
                    Some(Event::Snapshot(snapshot)) => {
                        (snapshot.calls.iter().collect(), &snapshot.extension_statuses)
                    }
                    Some(Event::Delta(delta)) => {
                        let calls = delta.started.iter().chain(&delta.updated).chain(&delta.ended);
                        (calls.collect::<Vec<_>>(), &delta.extension_statuses)
                    }
                    _ => continue,
                };
                let strange_call = calls.iter().any(|call| call.product != mark);
                if strange_call || statuses.iter().any(|status| status.site_name != mark) {
                    return Err(format!("in the stream of {mark}: {:#?}", seen.event));
                }
            }
        }
        Ok(())
    }
}

/// Seen to fail: with `products` left out of the operation in `feed_key.rs`, the watchers of a product see the
/// calls of all.
#[test]
fn isolated() {
    hold::<Isolated>();
}
