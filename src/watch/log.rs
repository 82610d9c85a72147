//! The log of a feed, from its first good poll on: its history, the frames that tell of it, and how fresh it is.
//!
//! Its writer says what the polls showed; its readers are [cursors](super::cursor::Cursor). This is where the two meet, so
//! that no change of the history or the freshness leaves a frame behind that says otherwise.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost_types::Timestamp;
use tokio::time::Instant;

use super::end::Explain;
use super::frames::{self, Frames};
use super::health::Health;
use super::history::{History, State};
use super::params::Params;
use crate::proto::v1::snapshot::Reason;
use crate::proto::v1::{Freshness, Goodbye};

/// The log of one feed.
#[derive(Debug)]
pub(super) struct Log {
    history: History,
    frames: Frames,
    health: Health,
    /// Counts the changes of freshness.
    transitions: u64,
}

impl Log {
    /// The log of `history`, whose state can be trusted so far.
    pub(super) fn new(history: History, health: Health, params: &Params, explain: Explain) -> Self {
        Self {
            history,
            frames: Frames::new(params, explain),
            health,
            transitions: 0,
        }
    }

    // For the writer.

    /// A good poll showed the state as it is.
    pub(super) fn confirm(&mut self, observed_at: Timestamp) {
        self.history.confirm(observed_at);
        self.frames.forget_the_moment();
    }

    /// A good poll showed `state`. True if that is a change and so a new version.
    pub(super) fn advance(&mut self, state: State, observed_at: Timestamp, now: Instant) -> bool {
        let is_change = self.history.advance(state, observed_at, now).is_some();
        if is_change {
            self.frames.forget_the_version();
        } else {
            self.frames.forget_the_moment();
        }
        is_change
    }

    /// The state can be trusted so far from now on. True if that is another freshness.
    pub(super) fn tell(&mut self, health: Health) -> bool {
        let was = std::mem::replace(&mut self.health, health);
        let is_transition = was.freshness != health.freshness;
        if is_transition {
            self.transitions += 1;
            self.frames.forget_the_moment();
        } else if was != health {
            self.frames.forget_the_feed_state();
        }
        is_transition
    }

    // For readers.

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// How far the state can be trusted.
    pub(super) fn freshness(&self) -> Freshness {
        self.health.freshness
    }

    /// How many changes of freshness there were.
    pub(super) fn transitions(&self) -> u64 {
        self.transitions
    }

    /// How many calls there are.
    pub(super) fn call_count(&self) -> usize {
        self.history.state().calls.rows().len()
    }

    /// The delta from `version` to the present one, if there is one to tell.
    pub(super) fn delta(&mut self, version: u64) -> Option<Bytes> {
        self.frames.delta(&self.history, self.health.freshness, version)
    }

    /// The state as a whole, in parts.
    pub(super) fn snapshot(&mut self, reason: Reason) -> Arc<[Bytes]> {
        self.frames.snapshot(&self.history, self.health.freshness, reason)
    }

    /// How fresh the state is `now`, and why.
    pub(super) fn feed_state(&mut self, now: Instant) -> Bytes {
        self.frames.feed_state(&self.history, self.health, now)
    }

    /// That nothing changed.
    pub(super) fn bookmark(&self, heartbeat: Duration) -> Bytes {
        frames::bookmark(&self.history, self.health.freshness, heartbeat)
    }

    /// That the stream ends.
    pub(super) fn goodbye(&self, goodbye: Goodbye) -> Bytes {
        frames::goodbye(&self.history, self.health.freshness, goodbye)
    }
}
