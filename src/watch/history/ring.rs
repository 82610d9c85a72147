//! The last deltas of a history, as many as its limits leave.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::delta::Delta;

/// How much is kept of the past.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many deltas…
    pub entries: usize,
    /// …for how long…
    pub age: Duration,
    /// …and how many bytes of them, as they are kept.
    pub bytes: usize,
    /// The largest delta, in bytes besides the few that every event has: nobody is led over a larger change by deltas.
    pub max_delta: usize,
}

/// The last deltas: each leads on to the next, and the last to the present.
#[derive(Debug, Default)]
pub(super) struct Ring {
    kept: VecDeque<Kept>,
    weight: usize,
}

/// A delta of the ring, and when it was made.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) made_at: Instant,
    pub(super) delta: Arc<Delta>,
    weight: usize,
}

// === impl Ring ===

impl Ring {
    /// Adds the next delta, and lets go of what the limits do not leave.
    pub(super) fn push(&mut self, delta: Arc<Delta>, now: Instant, limits: &Limits) {
        let Limits {
            entries,
            age,
            bytes,
            max_delta: _,
        } = *limits;
        let kept = Kept::new(delta, now);
        self.weight += kept.weight;
        self.kept.push_back(kept);
        let is_old = |kept: &Kept| now.duration_since(kept.made_at) > age;
        while self.kept.len() > entries || self.kept.front().is_some_and(is_old) {
            self.pop();
        }
        self.shorten(bytes);
    }

    /// Adds a delta that leads to the first one.
    pub(super) fn push_before(&mut self, delta: Arc<Delta>, made_at: Instant) {
        let kept = Kept::new(delta, made_at);
        self.weight += kept.weight;
        self.kept.push_front(kept);
    }

    /// Lets go of the oldest deltas until the others have no more than so many bytes.
    pub(super) fn shorten(&mut self, bytes: usize) {
        while self.weight > bytes {
            self.pop();
        }
    }

    /// Lets go of the first deltas.
    pub(super) fn drop_first(&mut self, count: usize) {
        for _ in 0..count {
            self.pop();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn pop(&mut self) {
        match self.kept.pop_front() {
            Some(kept) => self.weight -= kept.weight,
            None => self.weight = 0,
        }
    }

    /// How many bytes of memory the deltas take at most. Rows that several deltas, or a delta and the state, share count
    /// each time: what is let go of is never less than what is counted.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn kept(&self) -> &VecDeque<Kept> {
        &self.kept
    }
}

// === impl Kept ===

impl Kept {
    fn new(delta: Arc<Delta>, made_at: Instant) -> Self {
        Self {
            weight: size_of::<Self>() + delta.weight(),
            made_at,
            delta,
        }
    }
}
