//! Folds the events of a watch into the state they tell of. Pure.
//!
//! ```text
//!   snapshot, more    kept aside           snapshot, last    replaces the set, all parts at once
//!   delta             its from_version must be the set's, else the stream is out of step
//!   bookmark          version and token move
//!   feed state        freshness
//! ```

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prost_types::Timestamp;
use tonic::Code;

use super::call_set::CallSet;
use super::freshness::{Freshness, Trouble};
use crate::proto::v1;
use crate::proto::v1::active_calls_response::Event;
use crate::proto::v1::{ActiveCallsResponse, Delta, FeedState, Snapshot, goodbye, snapshot};

/// The state of a watch, event by event.
#[derive(Debug, Default)]
pub struct Fold {
    pub(super) calls: Option<Arc<CallSet>>,
    parts: Option<CallSet>,
    pub(super) version: u64,
    resume_token: Vec<u8>,
    pub(super) observed_at: Option<SystemTime>,
    freshness: v1::Freshness,
    trouble: Trouble,
    pub(super) resets: u64,
    pub(super) reason: snapshot::Reason,
}

/// What an event means to whoever reads the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The calls or their freshness changed.
    Moved,
    /// A part of a snapshot was put aside.
    Unfinished,
    /// Nothing changed, and the next event comes within this time.
    Bookmark(Duration),
    /// The gateway is about to end the stream: why, and when to come again.
    Goodbye(goodbye::Reason, Duration),
    /// An event of a kind that is not known here.
    Unknown,
}

/// An event does not fit the state, which is kept. To get a snapshot, call [`Fold::forget_token`] and watch again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event does not fit the state that it should move on")]
pub struct OutOfStep;

impl Fold {
    /// The calls as told so far; `None` before the first whole snapshot.
    #[must_use]
    pub fn calls(&self) -> Option<&Arc<CallSet>> {
        self.calls.as_ref()
    }

    /// The version of the calls.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where to resume; empty = nowhere.
    #[must_use]
    pub fn resume_token(&self) -> &[u8] {
        &self.resume_token
    }

    /// How far the gateway trusts the state. Never [`Freshness::Away`], which no gateway can say.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        match self.freshness {
            v1::Freshness::Live => Freshness::Live,
            v1::Freshness::Down => Freshness::Down(self.trouble.clone()),
            v1::Freshness::Stale | v1::Freshness::Unspecified => Freshness::Stale(self.trouble.clone()),
        }
    }

    /// A new stream begins: parts of a snapshot that the last one left unfinished are of no use.
    pub fn begin_stream(&mut self) {
        self.parts = None;
    }

    /// The next stream shall begin with a snapshot.
    pub fn forget_token(&mut self) {
        self.resume_token.clear();
    }

    /// Moves the state on by one event.
    ///
    /// # Errors
    ///
    /// [`OutOfStep`]; the state is as it was.
    pub fn apply(&mut self, response: ActiveCallsResponse) -> Result<Note, OutOfStep> {
        let freshness = response.freshness();
        let ActiveCallsResponse {
            version,
            resume_token,
            observed_at,
            event,
            ..
        } = response;
        let is_feed_state = matches!(event, Some(Event::FeedState(_)));
        let note = match event {
            None => return Ok(Note::Unknown),
            Some(Event::Snapshot(part)) => match self.add_part(part) {
                Note::Unfinished => return Ok(Note::Unfinished),
                note => note,
            },
            Some(Event::Delta(delta)) => self.apply_delta(delta)?,
            Some(Event::Bookmark(bookmark)) => {
                if self.calls.is_none() || self.parts.is_some() {
                    return Err(OutOfStep);
                }
                Note::Bookmark(to_duration(bookmark.next_within).unwrap_or_default())
            }
            Some(Event::FeedState(told)) => {
                self.trouble = to_trouble(told);
                Note::Moved
            }
            Some(Event::Goodbye(goodbye)) => Note::Goodbye(
                goodbye.reason(),
                to_duration(goodbye.reconnect_after).unwrap_or_default(),
            ),
        };
        // The other events tell of the freshness or the stream. One that was made for an earlier version must not take
        // the token back to that version.
        let is_position = matches!(note, Note::Moved | Note::Bookmark(_)) && !is_feed_state;
        if is_position || version == self.version {
            self.version = version;
            if !resume_token.is_empty() {
                self.resume_token = resume_token;
            }
            self.observed_at = to_time(observed_at).or(self.observed_at);
        }
        self.freshness = freshness;
        Ok(note)
    }

    fn add_part(&mut self, part: Snapshot) -> Note {
        let (more, reason) = (part.more, part.reason());
        self.parts.get_or_insert_default().add_part(part);
        if more {
            return Note::Unfinished;
        }
        self.calls = self.parts.take().map(Arc::new);
        self.resets += 1;
        self.reason = reason;
        Note::Moved
    }

    fn apply_delta(&mut self, delta: Delta) -> Result<Note, OutOfStep> {
        let (Some(calls), None) = (&mut self.calls, &self.parts) else {
            return Err(OutOfStep);
        };
        if delta.from_version != self.version {
            return Err(OutOfStep);
        }
        Arc::make_mut(calls).apply(delta);
        Ok(Note::Moved)
    }
}

fn to_trouble(told: FeedState) -> Trouble {
    Trouble {
        since: to_time(told.since),
        last_good_at: to_time(told.last_good_at),
        cause: told.cause.map(|cause| (Code::from(cause.code), cause.message)),
        next_poll_in: to_duration(told.next_poll_in),
    }
}

fn to_time(time: Option<Timestamp>) -> Option<SystemTime> {
    time.and_then(|time| SystemTime::try_from(time).ok())
}

/// `None` if the duration is absent or negative.
fn to_duration(duration: Option<prost_types::Duration>) -> Option<Duration> {
    duration.and_then(|duration| Duration::try_from(duration).ok())
}

#[cfg(test)]
mod tests;
