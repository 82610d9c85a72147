//! The place of a watcher in its feed: where it is, what it was handed last, and how others end it.
//!
//! It is kept with the feed and not with the stream: a body whose window is shut is asked once more and then for nothing, and whoever needs the
//! memory that it holds cannot wait until it is.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::cursor::Cursor;
use super::log::Log;
use crate::lifecycle::Stream;

/// The place of one watcher.
#[derive(Debug)]
pub(super) struct Place {
    /// `None` until the watch is opened.
    cursor: Option<Cursor>,
    /// The stream of the answer, if the server told.
    stream: Option<Stream>,
    /// When the watcher was asked last for something to send.
    looked: Instant,
    /// How many bytes it then had to send, with the rest of the delta that they are of; 0 if there was nothing.
    handed: usize,
    /// Since when it is to end because it does not read.
    given_up: Option<Instant>,
}

impl Place {
    /// The place of a watcher for whom there is nothing to tell yet.
    pub(super) fn new() -> Self {
        Self {
            cursor: None,
            stream: None,
            looked: Instant::now(),
            handed: 0,
            given_up: None,
        }
    }

    /// The watch is open.
    pub(super) fn open(&mut self, cursor: Cursor, stream: Option<Stream>) {
        (self.cursor, self.stream) = (Some(cursor), stream);
        self.looked = Instant::now();
    }

    // For the watcher.

    /// Where it is, once the watch is open.
    pub(super) fn cursor(&mut self) -> Option<&mut Cursor> {
        self.cursor.as_mut()
    }

    /// Whether it is to end because it does not read.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.is_some()
    }

    /// The watcher is asked for something to send. If it has not been for too long, while there was something, it is given
    /// up. Between two looks the connection had no room; an idle connection looks as soon as there is news.
    pub(super) fn look(&mut self, log: &Log, stuck_after: Duration, now: Instant) {
        let pending = self
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.pending_since(log, self.looked));
        if pending.is_some_and(|since| now.duration_since(since) >= stuck_after) {
            self.give_up(now);
        }
        (self.looked, self.handed) = (now, 0);
    }

    /// It has this to send.
    pub(super) fn hand(&mut self, frame: &Bytes) {
        let rest = self.cursor.as_ref().map_or(0, Cursor::rest_of_delta);
        self.handed = frame.len() + rest;
    }

    // For whoever must give memory back.

    /// What the watcher holds that others need no more; `None` if it has read everything, or was asked only lately, or holds
    /// what is kept for others anyway.
    pub(super) fn stuck(&self, log: &Log, patience: Duration, now: Instant) -> Option<Stuck> {
        let cursor = self.cursor.as_ref()?;
        let (since, version) = (self.looked, cursor.version());
        let is_slow = self.handed > 0 && now.duration_since(since) >= patience;
        let is_behind = cursor.holds_snapshot() || version < log.history().version();
        (is_slow && is_behind && self.given_up.is_none()).then_some(Stuck {
            since,
            version,
            handed: self.handed,
        })
    }

    /// Has the watcher end when it is asked again, and lets go of what it was still to be told.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.given_up = Some(now);
        if let Some(cursor) = &mut self.cursor {
            cursor.give_up();
        }
    }

    /// Resets the stream of a watcher that was given up so long ago and is still there. What it was handed, if it was given up.
    pub(super) fn reset_if_given_up(&self, patience: Duration, now: Instant) -> Option<usize> {
        let has_had_time = |since: &Instant| now.duration_since(*since) >= patience;
        if let Some(stream) = self
            .stream
            .as_ref()
            .filter(|_| self.given_up.is_some_and(|at| has_had_time(&at)))
        {
            stream.reset();
        }
        self.given_up.map(|_| self.handed)
    }
}

/// What a watcher holds that does not read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stuck {
    /// Since when it has not been asked for more.
    pub(super) since: Instant,
    /// The version that it was told.
    pub(super) version: u64,
    /// How many bytes it was handed and has not read.
    pub(super) handed: usize,
}
