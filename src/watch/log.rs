//! The log of a feed, from its first good poll on: its history, the frames that tell of it, and how fresh it is.
//!
//! Its writer says what the polls showed; its readers are [cursors](super::cursor::Cursor). This is where the two meet, so
//! that no change of the history or the freshness leaves a frame behind that says otherwise.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost_types::Timestamp;
use tokio::time::Instant;

use super::budget::{Account, Charge, Use};
use super::end::Explain;
use super::frame::Piece;
use super::frames::{self, Frames};
use super::health::Health;
use super::history::{History, State};
use super::metrics::{Event, Metrics};
use super::params::Params;
use crate::proto::v1::snapshot::Reason;
use crate::proto::v1::{Freshness, Goodbye};

/// The log of one feed.
#[derive(Debug)]
pub(super) struct Log {
    history: History,
    /// What the history's last deltas take.
    ring: Charge,
    frames: Frames,
    health: Health,
    /// Counts the changes of freshness.
    transitions: u64,
    metrics: Arc<Metrics>,
}

impl Log {
    /// The log of `history`, whose state can be trusted so far. What it takes is charged to `account`, but for the state.
    pub(super) fn new(
        history: History,
        health: Health,
        params: &Params,
        explain: Explain,
        account: Arc<Account>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            ring: account.charge(Use::Ring, history.ring_weight()),
            history,
            frames: Frames::new(params, explain, account),
            health,
            transitions: 0,
            metrics,
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
            self.ring.set(self.history.ring_weight());
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

    // For whoever must give memory back.

    /// Lets go of the frames that are kept for the next reader.
    pub(super) fn forget_the_frames(&mut self) {
        self.frames.forget_the_version();
    }

    /// Lets go of the oldest deltas until the others have no more than so many bytes.
    pub(super) fn shorten(&mut self, bytes: usize) {
        self.history.shorten(bytes);
        self.ring.set(self.history.ring_weight());
    }

    // For readers. Whoever asks for an event tells it, so it is counted here.

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
        let delta = self.frames.delta(&self.history, self.health.freshness, version)?;
        self.metrics.told(Event::Delta);
        Some(delta)
    }

    /// The state as a whole, in pieces.
    pub(super) fn snapshot(&mut self, reason: Reason) -> Arc<[Piece]> {
        self.metrics.told(Event::Snapshot(reason));
        self.frames.snapshot(&self.history, self.health.freshness, reason)
    }

    /// How fresh the state is `now`, and why.
    pub(super) fn feed_state(&mut self, now: Instant) -> Bytes {
        self.metrics.told(Event::FeedState);
        self.frames.feed_state(&self.history, self.health, now)
    }

    /// That nothing changed.
    pub(super) fn bookmark(&self, heartbeat: Duration) -> Bytes {
        self.metrics.told(Event::Bookmark);
        frames::bookmark(&self.history, self.health.freshness, heartbeat)
    }

    /// That the stream ends.
    pub(super) fn goodbye(&self, goodbye: Goodbye) -> Bytes {
        self.metrics.told(Event::Goodbye);
        frames::goodbye(&self.history, self.health.freshness, goodbye)
    }
}
