//! The planned end of a stream: what is still told before it, so that the client can go on elsewhere.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::end::End;
use super::place::Place;
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
    pub(super) fn frame(self, said: &mut bool, seat: &Seat, heartbeat: Duration) -> Option<Bytes> {
        if *said {
            return None;
        }
        let mut shared = seat.feed.lock();
        let (log, place) = shared.log_and_place(seat.place)?;
        let now = Instant::now();
        place.look(log, seat.params().stuck_after, now);
        let is_given_up = place.is_given_up();
        let cursor = place.cursor()?;
        let frame = match cursor.rest_of_message() {
            None if is_given_up => return None,
            None => cursor.next(log, heartbeat, now),
            rest => rest,
        };
        if let Some(frame) = frame {
            place.hand(&frame);
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
    pub(super) fn end(self, said: bool, seat: &Seat) -> Option<End> {
        let is_given_up = seat
            .feed
            .lock()
            .watchers
            .get(seat.place)
            .is_some_and(Place::is_given_up);
        match self {
            _ if is_given_up && !said => Some(End::SlowConsumer),
            Self::Draining => Some(End::Draining),
            Self::Rotated => None,
        }
    }
}
