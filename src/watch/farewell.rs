//! The planned end of a stream: what is still told before it, so that the client can go on elsewhere.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::cursor::Cursor;
use super::end::End;
use super::registry::Seat;
use crate::proto::v1::{Goodbye, goodbye};

/// Why a stream ends as planned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Farewell {
    /// The gateway is stopping.
    Draining,
    /// The stream has lasted long enough.
    Rotated,
}

impl Farewell {
    /// What is told next before the end; `None` when that was all.
    ///
    /// The client is brought up to date first, so that its token is good elsewhere. The last frame holds two messages,
    /// bookmark and goodbye: nothing can happen in between, and no later look finds them out of date.
    pub(super) fn frame(
        self,
        said: &mut bool,
        seat: &Seat,
        cursor: &mut Cursor,
        heartbeat: Duration,
    ) -> Option<Bytes> {
        if *said {
            return None;
        }
        let mut shared = seat.feed.lock();
        let log = shared.log.as_mut()?;
        if let Some(frame) = cursor.next(log, heartbeat, Instant::now()) {
            return Some(frame);
        }
        *said = true;
        let (reason, reconnect_after) = match self {
            Self::Draining => {
                let spread = seat.params().reconnect_window.mul_f64(rand::random());
                (goodbye::Reason::Draining, spread)
            }
            // Rotations are spread in time already.
            Self::Rotated => (goodbye::Reason::Rotated, Duration::ZERO),
        };
        let goodbye = log.goodbye(Goodbye {
            reason: reason.into(),
            reconnect_after: prost_types::Duration::try_from(reconnect_after).ok(),
        });
        Some([log.bookmark(heartbeat), goodbye].concat().into())
    }

    /// The end that the stream then comes to; `None` for one that is no failure.
    pub(super) fn end(self) -> Option<End> {
        match self {
            Self::Draining => Some(End::Draining),
            Self::Rotated => None,
        }
    }
}
