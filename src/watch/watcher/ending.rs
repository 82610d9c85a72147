//! How a stream ends: what is still sent, and with which status.

use std::time::Duration;

use bytes::Bytes;
use tonic::Status;

use crate::proto::v1::{Goodbye, goodbye};
use crate::status::{self, WatchEnd};
use crate::watch::hub::Place;
use crate::watch::log::Cursor;

/// Why a stream ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// The gateway is stopping.
    Draining,
    /// The stream has lasted long enough.
    Rotated,
    /// Anything that is not planned: only the status is sent.
    Status(WatchEnd),
}

impl Ending {
    /// The frames that are sent before the status, and the status.
    ///
    /// A planned end first brings the client up to date, so that its token is good elsewhere.
    pub(super) fn frames(
        self,
        place: &Place,
        cursor: &mut Cursor,
        heartbeat: Duration,
    ) -> (Vec<Bytes>, Status) {
        let (reason, reconnect_after, status) = match self {
            Self::Status(end) => return (Vec::new(), status::of_watch(end)),
            Self::Draining => {
                let spread = place.params().reconnect_window.mul_f64(rand::random());
                (
                    goodbye::Reason::Draining,
                    spread,
                    status::of_watch(WatchEnd::Draining),
                )
            }
            // Rotations are spread in time already.
            Self::Rotated => (goodbye::Reason::Rotated, Duration::ZERO, Status::ok("")),
        };
        let mut frames = Vec::new();
        let mut shared = place.feed.lock();
        if let Some(log) = &mut shared.log {
            while let Some(frame) = log.next(cursor, heartbeat) {
                frames.push(frame);
            }
            frames.push(log.bookmark(heartbeat));
            frames.push(log.goodbye(Goodbye {
                reason: reason.into(),
                reconnect_after: prost_types::Duration::try_from(reconnect_after).ok(),
            }));
        }
        (frames, status)
    }
}
