//! The log of a feed: its state, the last deltas, and the frames that tell of both.
//!
//! A watcher is a [`Cursor`] into it. What the watcher is told next depends on the cursor alone:
//!
//! ```text
//!   one version behind          the shared delta
//!   further, still in the ring  one folded delta
//!   beyond the ring             the shared snapshot, FELL_BEHIND
//!   not behind                  the feed state, if it changed
//! ```
//!
//! Every frame is encoded when the first watcher needs it and shared by all that need the same. Pure: time comes in as a
//! value.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost_types::Timestamp;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

use super::frame::{self, Changes, Head};
use super::params::Params;
use super::row::{CallRow, StatusRow};
use super::table::{Table, fold};
use super::token::Token;
use crate::proto::v1::active_calls_response::Event;
use crate::proto::v1::snapshot::Reason;
use crate::proto::v1::{Bookmark, FeedState, Freshness, Goodbye};

/// What one believed poll showed.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) calls: Table<CallRow>,
    pub(super) statuses: Table<StatusRow>,
}

impl State {
    /// A hash of the state, the same in every gateway and for any order of rows.
    fn hash(&self) -> u128 {
        let sums = [
            self.calls.content().to_le_bytes(),
            self.statuses.content().to_le_bytes(),
        ];
        xxh3_128(sums.as_flattened())
    }
}

/// The log of one feed, from its first good poll on.
#[derive(Debug)]
pub(super) struct Log {
    feed: u64,
    epoch: u64,
    version: u64,
    state: State,
    state_hash: u128,
    observed_at: Timestamp,
    freshness: Freshness,
    /// Counts the changes of freshness, and what tells of the last.
    transitions: u64,
    feed_state: FeedState,
    feed_state_frame: Option<Bytes>,
    ring: VecDeque<Entry>,
    /// Folded deltas from a version to the present one, and snapshots of it.
    folded: HashMap<u64, Bytes>,
    snapshots: HashMap<Reason, Arc<[Bytes]>>,
    ring_entries: usize,
    ring_age: Duration,
    snapshot_part: usize,
    max_delta: usize,
}

/// The delta to one version.
#[derive(Debug)]
struct Entry {
    at: Instant,
    changes: Changes,
    frame: Bytes,
}

/// Where a watcher is.
#[derive(Debug)]
pub(super) struct Cursor {
    version: u64,
    transitions: u64,
    pending: Pending,
}

/// What a watcher is to be told before anything else.
#[derive(Debug)]
enum Pending {
    Nothing,
    /// A snapshot, of whatever the state is when its first part is told.
    Snapshot(Reason),
    /// The parts of a snapshot, and how many are told.
    Parts(Arc<[Bytes]>, usize),
    /// That it is up to date. Its own version, if that is one of this epoch.
    Bookmark(Option<u64>),
}

/// A token is of another feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtherFeed;

// === impl Log ===

impl Log {
    /// The log that begins with `state`.
    pub(super) fn new(feed: u64, epoch: u64, state: State, observed_at: Timestamp, params: &Params) -> Self {
        Self {
            feed,
            epoch,
            version: 1,
            state_hash: state.hash(),
            state,
            observed_at,
            freshness: Freshness::Live,
            transitions: 0,
            feed_state: FeedState::default(),
            feed_state_frame: None,
            ring: VecDeque::new(),
            folded: HashMap::new(),
            snapshots: HashMap::new(),
            ring_entries: params.ring_entries,
            ring_age: params.ring_age,
            snapshot_part: params.snapshot_part,
            max_delta: params.max_delta,
        }
    }

    /// The version of the state.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// How far the state can be trusted.
    pub(super) fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// How many calls there are.
    pub(super) fn call_count(&self) -> usize {
        self.state.calls.rows().len()
    }

    /// A good poll showed the state as it is.
    pub(super) fn confirm(&mut self, observed_at: Timestamp) {
        self.observed_at = observed_at;
        self.forget_frames();
    }

    /// A good poll showed `state`. True if that is a change and so a new version.
    pub(super) fn advance(&mut self, state: State, observed_at: Timestamp, now: Instant) -> bool {
        let changes = Changes {
            calls: self.state.calls.changes_to(&state.calls),
            statuses: self.state.statuses.changes_to(&state.statuses),
        };
        self.confirm(observed_at);
        self.state = state;
        if changes.is_empty() {
            return false;
        }
        let from = self.version;
        self.version += 1;
        self.state_hash = self.state.hash();
        let head = Head {
            freshness: Freshness::Live,
            ..self.head(0)
        };
        let frame = frame::delta(&head, from, &changes);
        if frame.len() > self.max_delta {
            // Nobody is led over this step by deltas.
            self.ring.clear();
            return true;
        }
        self.ring.push_back(Entry {
            at: now,
            changes,
            frame,
        });
        while self.ring.len() > self.ring_entries
            || self
                .ring
                .front()
                .is_some_and(|entry| now.duration_since(entry.at) > self.ring_age)
        {
            self.ring.pop_front();
        }
        true
    }

    /// The freshness changed.
    pub(super) fn set_freshness(&mut self, freshness: Freshness, told: FeedState) {
        self.freshness = freshness;
        self.transitions += 1;
        self.forget_frames();
        self.feed_state = told;
    }

    /// Where a client with this token begins.
    ///
    /// # Errors
    ///
    /// [`OtherFeed`]; never for a token that is merely old or damaged.
    pub(super) fn start(&mut self, token: &[u8]) -> Result<Cursor, OtherFeed> {
        let mut cursor = Cursor {
            version: self.version,
            // Whoever comes while the state is not live is told so.
            transitions: match self.freshness {
                Freshness::Live => self.transitions,
                _ => self.transitions.saturating_sub(1),
            },
            pending: Pending::Nothing,
        };
        if token.is_empty() {
            cursor.pending = Pending::Snapshot(Reason::Initial);
            return Ok(cursor);
        }
        let Some(token) = Token::decode(token) else {
            cursor.pending = Pending::Snapshot(Reason::TokenInvalid);
            return Ok(cursor);
        };
        if token.feed != self.feed {
            return Err(OtherFeed);
        }
        let same_epoch = token.epoch == self.epoch;
        if token.state == self.state_hash && (!same_epoch || token.version <= self.version) {
            cursor.pending = Pending::Bookmark(same_epoch.then_some(token.version));
        } else if !same_epoch {
            cursor.pending = Pending::Snapshot(Reason::EpochChanged);
        } else if token.version >= self.version {
            // The present version is of another state, and later ones are yet to come.
            cursor.pending = Pending::Snapshot(Reason::TokenInvalid);
        } else if self.since(token.version).is_some() {
            cursor.version = token.version;
        } else {
            cursor.pending = Pending::Snapshot(Reason::TokenExpired);
        }
        Ok(cursor)
    }

    /// What a watcher at `cursor` is told next, which moves the cursor; `None` if it knows everything.
    pub(super) fn next(&mut self, cursor: &mut Cursor, heartbeat: Duration) -> Option<Bytes> {
        if let Pending::Bookmark(client) = cursor.pending {
            cursor.pending = Pending::Nothing;
            // The state may have moved on since the watch was opened: then the client is not up to date any more.
            match client {
                _ if cursor.version == self.version => return Some(self.bookmark(heartbeat)),
                Some(version) => cursor.version = version,
                None => cursor.pending = Pending::Snapshot(Reason::EpochChanged),
            }
        }
        if let Pending::Snapshot(reason) = cursor.pending {
            cursor.version = self.version;
            cursor.pending = Pending::Parts(self.snapshot(reason), 0);
        }
        if let Pending::Parts(parts, told) = &mut cursor.pending {
            if let Some(part) = parts.get(*told) {
                *told += 1;
                return Some(part.clone());
            }
            cursor.pending = Pending::Nothing;
        }
        if cursor.version < self.version {
            let frame = self.delta_since(cursor.version);
            cursor.version = self.version;
            return frame.or_else(|| {
                cursor.pending = Pending::Snapshot(Reason::FellBehind);
                self.next(cursor, heartbeat)
            });
        }
        if cursor.transitions < self.transitions {
            cursor.transitions = self.transitions;
            return Some(self.feed_state());
        }
        None
    }

    /// Since when there has been something to tell a watcher at `cursor`, but not before `looked`, its last look.
    pub(super) fn pending_since(&self, cursor: &Cursor, looked: Instant) -> Option<Instant> {
        match &cursor.pending {
            Pending::Snapshot(_) => return Some(looked),
            Pending::Parts(parts, told) if *told < parts.len() => return Some(looked),
            Pending::Nothing | Pending::Parts(..) | Pending::Bookmark(_) => {}
        }
        if cursor.version >= self.version {
            return None;
        }
        let position = self.since(cursor.version).unwrap_or(0);
        self.ring.get(position).map(|entry| entry.at.max(looked))
    }

    /// That nothing changed.
    pub(super) fn bookmark(&self, heartbeat: Duration) -> Bytes {
        let next_within = prost_types::Duration::try_from(heartbeat).ok();
        frame::small(&self.head(0), Event::Bookmark(Bookmark { next_within }))
    }

    /// That the stream ends.
    pub(super) fn goodbye(&self, goodbye: Goodbye) -> Bytes {
        frame::small(&self.head(0), Event::Goodbye(goodbye))
    }

    /// How fresh the state is, told with the state as it is now and not as it was then.
    fn feed_state(&mut self) -> Bytes {
        let head = self.head(0);
        let told = &self.feed_state;
        self.feed_state_frame
            .get_or_insert_with(|| frame::small(&head, Event::FeedState(told.clone())))
            .clone()
    }

    /// The delta from `version` to the present one; `None` if the ring does not reach back so far, or it is too large.
    fn delta_since(&mut self, version: u64) -> Option<Bytes> {
        let position = self.since(version)?;
        let behind = self.ring.len() - position;
        // The shared frame says that the state is live, as it was when the poll ended.
        if behind == 1 && self.freshness == Freshness::Live {
            return self.ring.back().map(|entry| entry.frame.clone());
        }
        if let Some(frame) = self.folded.get(&version) {
            return Some(frame.clone());
        }
        let entries = || self.ring.range(position..);
        let changes = Changes {
            calls: fold(entries().flat_map(|entry| &entry.changes.calls)),
            statuses: fold(entries().flat_map(|entry| &entry.changes.statuses)),
        };
        let head = self.head(u32::try_from(behind - 1).unwrap_or(u32::MAX));
        let frame = frame::delta(&head, version, &changes);
        if frame.len() > self.max_delta {
            return None;
        }
        self.folded.insert(version, frame.clone());
        Some(frame)
    }

    /// The position in the ring of the delta that leads on from `version`.
    fn since(&self, version: u64) -> Option<usize> {
        let behind = usize::try_from(self.version.checked_sub(version)?).ok()?;
        self.ring.len().checked_sub(behind)
    }

    fn snapshot(&mut self, reason: Reason) -> Arc<[Bytes]> {
        let head = self.head(0);
        let State { calls, statuses } = &self.state;
        let part = self.snapshot_part;
        self.snapshots
            .entry(reason)
            .or_insert_with(|| frame::snapshot(&head, reason, calls.rows(), statuses.rows(), part).into())
            .clone()
    }

    fn head(&self, coalesced: u32) -> Head {
        let token = Token {
            feed: self.feed,
            epoch: self.epoch,
            version: self.version,
            state: self.state_hash,
        };
        Head {
            version: self.version,
            resume_token: token.encode(),
            observed_at: self.observed_at,
            freshness: self.freshness,
            coalesced,
        }
    }

    /// Frames that were encoded for some say what is no longer so: when the state was observed, how fresh it is.
    fn forget_frames(&mut self) {
        self.folded.clear();
        self.snapshots.clear();
        self.feed_state_frame = None;
    }
}

#[cfg(test)]
mod tests;
