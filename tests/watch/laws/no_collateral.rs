//! `NoCollateral`: however slow or stuck others are, who reads at once is told every change in the instant of its
//! poll, and its stream ends only as planned. (`sockets.rs` has the same on one HTTP/2 connection.)

use portico::proto::v1::active_calls_response::Event;
use tokio::time::Instant;
use tonic::Code;

use super::{Law, TICK, hold};
use crate::history::History;
use crate::recorder::{Recording, Temper};

struct NoCollateral;

impl Law for NoCollateral {
    fn check(history: &History) -> Result<(), String> {
        for recording in history.of_temper(Temper::Prompt) {
            for status in recording
                .streams
                .iter()
                .filter_map(|stream| stream.status.as_ref())
            {
                if status.code() != Code::Ok {
                    return Err(format!("the stream of a prompt client ended: {status}"));
                }
            }
            let gateway = recording.streams[0].gateway;
            let believed: Vec<_> = history.believed(gateway, recording.feed).collect();
            for pair in believed.windows(2) {
                let [before, poll] = pair else { continue };
                let Some((ended, _)) = poll.ended else { continue };
                let changed = before.showed != poll.showed;
                if changed && ended + TICK < history.until && !is_told(recording, ended) {
                    return Err(format!(
                        "a prompt client of {:?} at gateway {gateway} is not told of a change",
                        recording.feed
                    ));
                }
            }
        }
        Ok(())
    }
}

fn is_told(recording: &Recording, at: Instant) -> bool {
    recording.streams.iter().any(|stream| {
        let opened = stream.answered >= at && stream.answered <= at + TICK;
        let told = stream.seen.iter().any(|seen| {
            matches!(seen.event.event, Some(Event::Delta(_) | Event::Snapshot(_)))
                && seen.at >= at
                && seen.at <= at + TICK
        });
        opened || told
    })
}

/// Seen to fail: with `|| polled == Polled::Changed` taken out where a poll ends in owner.rs, changes wait for the next
/// heartbeat.
#[test]
fn no_collateral() {
    hold::<NoCollateral>();
}
