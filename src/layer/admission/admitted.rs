//! An RPC that has its place.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use super::metrics::{Metrics, Shed};
use super::room::Room;

/// On what terms an RPC is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// It takes no place.
    Free,
    /// It takes a place, and its answer needs room.
    Read,
    /// It takes a place. It may have changed something by the time that it is answered: then that must be told.
    Change,
}

/// An RPC that has its place. Dropping it gives the place up.
#[derive(Debug)]
pub(super) struct Admitted {
    _place: OwnedSemaphorePermit,
    room: Arc<Room>,
    terms: Terms,
    shed: fn() -> Status,
    metrics: Metrics,
}

/// A smaller frame takes no room: places are few enough for all of them.
const LARGE: usize = 16 * 1024;

impl Admitted {
    pub(super) fn new(
        place: OwnedSemaphorePermit,
        room: Arc<Room>,
        terms: Terms,
        shed: fn() -> Status,
        metrics: Metrics,
    ) -> Self {
        Self {
            _place: place,
            room,
            terms,
            shed,
            metrics,
        }
    }

    /// Takes room for a frame of the answer.
    ///
    /// # Errors
    ///
    /// If there is none and nothing of the answer `has_begun` to be sent: the trailers with which it ends instead.
    pub(super) fn keep(&self, data: Bytes, has_begun: bool) -> Result<Bytes, HeaderMap> {
        if data.len() < LARGE {
            return Ok(data);
        }
        if has_begun || self.terms == Terms::Change {
            return Ok(self.room.keep_anyway(data));
        }
        self.room.keep(data).ok_or_else(|| {
            self.metrics.shed(Shed::Unread);
            let mut trailers = HeaderMap::new();
            // It fails only for what no header can hold, and then the answer ends without a status, which is an error, too.
            let _ = (self.shed)().add_header(&mut trailers);
            trailers
        })
    }
}
