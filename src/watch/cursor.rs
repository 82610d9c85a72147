//! Where a watcher is in its feed's log, and what it is told next.
//!
//! ```text
//!   one version behind          the shared delta
//!   further, still in the ring  one folded delta
//!   beyond the ring             the shared snapshot, FELL_BEHIND
//!   not behind                  the feed state, if it changed
//! ```
//!
//! What is told depends on the cursor and the log alone, and on nothing that a watcher would have to queue.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::history::{Earned, Lead, OtherFeed};
use super::log::Log;
use crate::proto::v1::Freshness;
use crate::proto::v1::snapshot::Reason;

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
    /// That it is up to date; should the state have moved on by then, how it is led there.
    Bookmark(Lead),
}

impl Cursor {
    /// Where a client with this token begins.
    ///
    /// # Errors
    ///
    /// [`OtherFeed`]; never for a token that is merely old or damaged.
    pub(super) fn start(log: &Log, token: &[u8]) -> Result<Self, OtherFeed> {
        let Earned { is_current, lead } = log.history().earned(token)?;
        let mut cursor = Self {
            version: log.history().version(),
            // Whoever comes while the state is not live is told so.
            transitions: match log.freshness() {
                Freshness::Live => log.transitions(),
                _ => log.transitions().saturating_sub(1),
            },
            pending: Pending::Nothing,
        };
        if is_current {
            cursor.pending = Pending::Bookmark(lead);
        } else {
            cursor.follow(lead);
        }
        Ok(cursor)
    }

    fn follow(&mut self, lead: Lead) {
        match lead {
            Lead::Delta(version) => self.version = version,
            Lead::Snapshot(reason) => self.pending = Pending::Snapshot(reason),
        }
    }

    /// What the watcher is told next, which moves the cursor; `None` if it knows everything.
    pub(super) fn next(&mut self, log: &mut Log, heartbeat: Duration, now: Instant) -> Option<Bytes> {
        let version = log.history().version();
        if let Pending::Bookmark(lead) = self.pending {
            self.pending = Pending::Nothing;
            if self.version == version {
                return Some(log.bookmark(heartbeat));
            }
            // The state has moved on since the watch was opened: the client is not up to date any more.
            self.follow(lead);
        }
        if let Pending::Snapshot(reason) = self.pending {
            self.version = version;
            self.pending = Pending::Parts(log.snapshot(reason), 0);
        }
        if let Pending::Parts(parts, told) = &mut self.pending {
            if let Some(part) = parts.get(*told) {
                *told += 1;
                return Some(part.clone());
            }
            self.pending = Pending::Nothing;
        }
        if self.version < version {
            let frame = log.delta(self.version);
            self.version = version;
            return frame.or_else(|| {
                self.pending = Pending::Snapshot(Reason::FellBehind);
                self.next(log, heartbeat, now)
            });
        }
        if self.transitions < log.transitions() {
            self.transitions = log.transitions();
            return Some(log.feed_state(now));
        }
        None
    }

    /// Since when there has been something to tell the watcher, but not before `looked`, its last look.
    pub(super) fn pending_since(&self, log: &Log, looked: Instant) -> Option<Instant> {
        match &self.pending {
            Pending::Snapshot(_) => return Some(looked),
            Pending::Parts(parts, told) if *told < parts.len() => return Some(looked),
            Pending::Nothing | Pending::Parts(..) | Pending::Bookmark(_) => {}
        }
        let left_at = log.history().left_at(self.version)?;
        Some(left_at.max(looked))
    }
}

#[cfg(test)]
mod tests;
