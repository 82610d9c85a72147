//! The history of a feed: its state, and how it came to it by the last deltas.
//!
//! ```text
//!   owner     advance(state) = diff, then ─┐
//!                                          ├─▶ the next version, a delta in the ring
//!   follower  append(delta)  = check, then ┘
//! ```
//!
//! The owner of a feed polls and *advances* its history. Whoever is given its deltas can *append* them to a history that
//! was begun or read elsewhere, and has the same one: the same versions, hashes and deltas, so that a token earns the same
//! from both. What is no content — the order of rows, durations between changes — is the owner's alone.
//!
//! A history can also be [written down](History::write) and read back, to be begun with elsewhere.
//!
//! Pure: it knows nothing of watchers, and of events no more than how large they are and why a snapshot is sent. Rows are
//! messages, encoded; time comes in as a value.

mod delta;
mod record;
mod ring;
mod row;
mod state;
mod table;
mod token;
mod written;

use std::sync::Arc;

use prost_types::Timestamp;
use tokio::time::Instant;

pub use self::delta::Delta;
pub use self::ring::Limits;
use self::ring::Ring;
pub(super) use self::row::{CallRow, Row, StatusRow};
pub(super) use self::state::{Changes, State};
pub(super) use self::table::{Change, Table};
pub(super) use self::token::Token;
pub use self::written::Damaged;
use crate::proto::v1::snapshot::Reason;

/// The history of one feed, from its first good poll on.
#[derive(Debug)]
pub struct History {
    /// Feed, epoch, version and state hash of the present.
    at: Token,
    state: State,
    observed_at: Timestamp,
    changed_at: Instant,
    ring: Ring,
    limits: Limits,
}

/// Why a delta was not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It is of another history, or deltas before it are missing.
    #[error("the delta does not lead on from the present state")]
    NotNext,
    /// It leads to another state than it says.
    #[error("the delta leads to another state than it says")]
    OtherState,
}

/// What a token earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Earned {
    /// The client holds the present state.
    pub(super) is_current: bool,
    /// How it is led to a later state than the one it holds.
    pub(super) lead: Lead,
}

/// How a client is led on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// By a delta from this version, whose state it holds.
    Delta(u64),
    /// By a snapshot, for this reason.
    Snapshot(Reason),
}

/// A token is of another feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtherFeed;

impl History {
    /// The history that begins with `state`.
    pub(super) fn begin(
        feed: u64,
        epoch: u64,
        state: State,
        observed_at: Timestamp,
        now: Instant,
        limits: Limits,
    ) -> Self {
        let at = Token {
            feed,
            epoch,
            version: 1,
            state: state.hash(),
        };
        Self {
            at,
            state,
            observed_at,
            changed_at: now,
            ring: Ring::default(),
            limits,
        }
    }

    /// The version of the state.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.at.version
    }

    /// The token of the present state.
    pub(super) fn at(&self) -> Token {
        self.at
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// When the poll had ended that last showed the state.
    pub(super) fn observed_at(&self) -> Timestamp {
        self.observed_at
    }

    /// A good poll showed the state as it is.
    pub fn confirm(&mut self, observed_at: Timestamp) {
        self.observed_at = observed_at;
    }

    /// A good poll showed `state`: the delta to it, or `None` if it is no change.
    pub(super) fn advance(
        &mut self,
        state: State,
        observed_at: Timestamp,
        now: Instant,
    ) -> Option<Arc<Delta>> {
        let changes = self.state.changes_to(&state);
        if changes.is_empty() {
            self.state = state;
            self.observed_at = observed_at;
            return None;
        }
        let to = Token {
            version: self.at.version + 1,
            state: state.hash(),
            ..self.at
        };
        let delta = Arc::new(Delta {
            from: self.at,
            to,
            observed_at,
            changes,
        });
        self.push(delta.clone(), state, now);
        Some(delta)
    }

    /// Goes on by a delta that the owner made.
    ///
    /// # Errors
    ///
    /// [`Misfit`]; the history is as it was.
    pub fn append(&mut self, delta: Delta, now: Instant) -> Result<(), Misfit> {
        if delta.from != self.at || !self.state.is_before(&delta.changes) {
            return Err(Misfit::NotNext);
        }
        let state = self.state.with(&delta.changes);
        if state.hash() != delta.to.state {
            return Err(Misfit::OtherState);
        }
        self.push(Arc::new(delta), state, now);
        Ok(())
    }

    fn push(&mut self, delta: Arc<Delta>, state: State, now: Instant) {
        self.at = delta.to;
        self.state = state;
        self.observed_at = delta.observed_at;
        self.changed_at = now;
        if self.is_told_as_delta(&delta.changes) {
            self.ring.push(delta, now, &self.limits);
        } else {
            self.ring.clear();
        }
    }

    /// Lets go of the oldest deltas until the others have no more than so many bytes.
    pub(super) fn shorten(&mut self, bytes: usize) {
        self.ring.shorten(bytes);
    }

    /// How many bytes of memory the last deltas take at most.
    pub(super) fn ring_weight(&self) -> usize {
        self.ring.weight()
    }

    /// Whether `changes` are small enough to be told as a delta, of one step or of many.
    pub(super) fn is_told_as_delta(&self, changes: &Changes) -> bool {
        changes.size() <= self.limits.max_delta
    }

    /// What a client with this token is to be told.
    ///
    /// A delta or a bookmark is earned by the hash of the state that the client holds, and by nothing else: however the
    /// token came to be, no client is led on from a state that it does not hold.
    ///
    /// # Errors
    ///
    /// [`OtherFeed`]; never for a token that is merely old or damaged.
    pub(super) fn earned(&self, token: &[u8]) -> Result<Earned, OtherFeed> {
        let snapshot = |reason| Earned {
            is_current: false,
            lead: Lead::Snapshot(reason),
        };
        if token.is_empty() {
            return Ok(snapshot(Reason::Initial));
        }
        let Some(token) = Token::decode(token) else {
            return Ok(snapshot(Reason::TokenInvalid));
        };
        if token.feed != self.at.feed {
            return Err(OtherFeed);
        }
        Ok(Earned {
            is_current: token.state == self.at.state,
            lead: self.lead_from(token),
        })
    }

    fn lead_from(&self, token: Token) -> Lead {
        if token.epoch != self.at.epoch {
            return Lead::Snapshot(Reason::EpochChanged);
        }
        if token.version > self.at.version {
            return Lead::Snapshot(Reason::TokenInvalid);
        }
        let was_at = match self.position(token.version) {
            Some(position) => self
                .ring
                .kept()
                .get(position)
                .map_or(self.at, |kept| kept.delta.from),
            None => return Lead::Snapshot(Reason::TokenExpired),
        };
        if was_at == token {
            Lead::Delta(token.version)
        } else {
            Lead::Snapshot(Reason::TokenInvalid)
        }
    }

    /// The deltas that lead from `version` to the present; `None` if the ring does not reach back so far.
    pub(super) fn deltas_since(
        &self,
        version: u64,
    ) -> Option<impl ExactSizeIterator<Item = &Delta> + DoubleEndedIterator + Clone> {
        let position = self.position(version)?;
        Some(self.ring.kept().range(position..).map(|kept| &*kept.delta))
    }

    /// When the state of `version` was left; of a version beyond the ring, the earliest that is known.
    pub(super) fn left_at(&self, version: u64) -> Option<Instant> {
        if version >= self.at.version {
            return None;
        }
        let position = self.position(version).unwrap_or(0);
        Some(
            self.ring
                .kept()
                .get(position)
                .map_or(self.changed_at, |kept| kept.made_at),
        )
    }

    /// The position in the ring of the delta that leads on from `version`; the ring's end for the present version.
    fn position(&self, version: u64) -> Option<usize> {
        let behind = usize::try_from(self.at.version.checked_sub(version)?).ok()?;
        self.ring.kept().len().checked_sub(behind)
    }
}

#[cfg(test)]
mod tests;
