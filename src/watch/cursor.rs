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

use super::frame::Piece;
use super::history::{Earned, Lead, OtherFeed};
use super::log::Log;
use crate::lifecycle::stream::PIECE;
use crate::proto::v1::Freshness;
use crate::proto::v1::snapshot::Reason;

/// Where a watcher is.
#[derive(Debug)]
pub(super) struct Cursor {
    version: u64,
    transitions: u64,
    pending: Pending,
    /// Whether what was told last ends in the middle of a message.
    is_mid_message: bool,
}

/// What a watcher is to be told before anything else.
#[derive(Debug)]
enum Pending {
    Nothing,
    /// A snapshot, of whatever the state is when its first piece is told.
    Snapshot(Reason),
    /// The pieces of a snapshot, and how many are told.
    Pieces(Arc<[Piece]>, usize),
    /// The rest of a large delta.
    Rest(Bytes),
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
            is_mid_message: false,
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
            self.pending = Pending::Pieces(log.snapshot(reason), 0);
        }
        if let Some(piece) = self.next_piece() {
            return Some(piece);
        }
        if self.version < version {
            let frame = log.delta(self.version);
            self.version = version;
            self.pending = match frame {
                Some(frame) if frame.len() <= PIECE => return Some(frame),
                Some(frame) => Pending::Rest(frame),
                None => Pending::Snapshot(Reason::FellBehind),
            };
            return self.next(log, heartbeat, now);
        }
        if self.transitions < log.transitions() {
            self.transitions = log.transitions();
            return Some(log.feed_state(now));
        }
        None
    }

    /// The next piece of a snapshot or of a large delta.
    fn next_piece(&mut self) -> Option<Bytes> {
        let (piece, is_last) = match &mut self.pending {
            Pending::Pieces(pieces, told) => {
                let piece = pieces.get(*told)?.clone();
                *told += 1;
                (piece, *told == pieces.len())
            }
            Pending::Rest(rest) => {
                let bytes = rest.split_to(rest.len().min(PIECE));
                let ends_message = rest.is_empty();
                (Piece { bytes, ends_message }, ends_message)
            }
            Pending::Nothing | Pending::Snapshot(_) | Pending::Bookmark(_) => return None,
        };
        if is_last {
            self.pending = Pending::Nothing;
        }
        self.is_mid_message = !piece.ends_message;
        Some(piece.bytes)
    }

    /// The rest of a message that is told in part: nothing else may come before it, the stream's end included.
    pub(super) fn rest_of_message(&mut self) -> Option<Bytes> {
        self.is_mid_message.then(|| self.next_piece())?
    }

    /// Whether there is more of a snapshot to tell, so that the cursor holds it.
    pub(super) fn holds_snapshot(&self) -> bool {
        matches!(self.pending, Pending::Pieces(..))
    }

    /// The version that the watcher has been told, or is being told.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// How many bytes there are of a delta that is told in part.
    pub(super) fn rest_of_delta(&self) -> usize {
        match &self.pending {
            Pending::Rest(rest) => rest.len(),
            _ => 0,
        }
    }

    /// Lets go of all but the rest of a message that is told in part. There is nothing to tell after it: the watch ends.
    pub(super) fn give_up(&mut self) {
        self.pending = match &self.pending {
            Pending::Pieces(pieces, told) if self.is_mid_message => {
                let rest = &pieces[*told..];
                let end = rest.iter().position(|piece| piece.ends_message);
                Pending::Pieces(rest[..end.map_or(rest.len(), |end| end + 1)].into(), 0)
            }
            Pending::Rest(_) => return,
            _ => Pending::Nothing,
        };
    }

    /// Since when there has been something to tell the watcher, but not before `looked`, its last look.
    pub(super) fn pending_since(&self, log: &Log, looked: Instant) -> Option<Instant> {
        match &self.pending {
            Pending::Snapshot(_) | Pending::Pieces(..) | Pending::Rest(_) => return Some(looked),
            Pending::Nothing | Pending::Bookmark(_) => {}
        }
        let left_at = log.history().left_at(self.version)?;
        Some(left_at.max(looked))
    }
}

#[cfg(test)]
mod tests;
