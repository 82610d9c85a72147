//! A door to the observer for `benches/observe`. It is no part of what the crate promises.

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::observe;
use super::observe::Seen;
use crate::upstream::Error;

/// Reads the polls of one feed, one after another.
#[derive(Debug)]
pub struct Observer(observe::Observer);

impl Default for Observer {
    fn default() -> Self {
        Self(observe::Observer::new(TimeZone::UTC))
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
