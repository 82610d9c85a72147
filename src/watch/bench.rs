//! A door to the observer for `benches/observe`. It is no part of what the crate promises.

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::observe;
use super::observe::Seen;
use crate::upstream::Error;
use crate::upstream::value::{Id, StandIn as _};

/// Reads the polls of one feed, of customer 1, one after another.
#[derive(Debug)]
pub struct Observer(observe::Observer);

impl Default for Observer {
    fn default() -> Self {
        Self(observe::Observer::new(Id::stand_in(), TimeZone::UTC))
    }
}

impl Observer {
    /// Reads the body of a poll: how many rows it shows, or `None` if it is the last one's.
    ///
    /// # Errors
    ///
    /// It cannot be decoded.
    pub fn read(&mut self, body: Bytes) -> Result<Option<usize>, Error> {
        Ok(match self.0.read(body)? {
            Seen::Same => None,
            Seen::Rows { calls, statuses } => Some(calls.len() + statuses.len()),
        })
    }
}
