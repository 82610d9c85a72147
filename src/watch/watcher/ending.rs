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
    /// What is sent next before the status; `None` when it is time for the status.
    ///
    /// A planned end first brings the client up to date, so that its token is good elsewhere. The last frame holds two
    /// messages, bookmark and goodbye: nothing can happen in between, and no later look finds them out of date.
    pub(super) fn frame(
        self,
        said: &mut bool,
        place: &Place,
        cursor: &mut Cursor,
        heartbeat: Duration,
    ) -> Option<Bytes> {
        let (reason, reconnect_after) = match self {
            Self::Status(_) => return None,
            Self::Draining => {
                let spread = place.params().reconnect_window.mul_f64(rand::random());
                (goodbye::Reason::Draining, spread)
            }
            // Rotations are spread in time already.
            Self::Rotated => (goodbye::Reason::Rotated, Duration::ZERO),
        };
        if *said {
            return None;
        }
        let mut shared = place.feed.lock();
        let log = shared.log.as_mut()?;
        if let Some(frame) = log.next(cursor, heartbeat) {
            return Some(frame);
        }
        *said = true;
        let goodbye = log.goodbye(Goodbye {
            reason: reason.into(),
            reconnect_after: prost_types::Duration::try_from(reconnect_after).ok(),
        });
        Some([log.bookmark(heartbeat), goodbye].concat().into())
    }

    /// The status that the stream ends with.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Status(end) => status::of_watch(end),
            Self::Draining => status::of_watch(WatchEnd::Draining),
            Self::Rotated => Status::ok(""),
        }
    }
}
