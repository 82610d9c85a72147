//! The state of a feed, and how it changes.

use xxhash_rust::xxh3::xxh3_128;

use super::row::{CallRow, StatusRow};
use super::table::{Change, Table, content_before, fold};

/// What one believed poll showed.
#[derive(Debug, Default)]
pub(in crate::watch) struct State {
    pub(in crate::watch) calls: Table<CallRow>,
    pub(in crate::watch) statuses: Table<StatusRow>,
}

/// How calls and statuses changed between two versions.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Changes {
    pub(in crate::watch) calls: Vec<Change<CallRow>>,
    pub(in crate::watch) statuses: Vec<Change<StatusRow>>,
}

/// The sums of the contents of a state's tables: what its hash is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    calls: u128,
    statuses: u128,
}

// === impl State ===

impl State {
    /// A hash of the state, the same in every gateway and for any order of rows.
    pub(super) fn hash(&self) -> u128 {
        self.sums().hash()
    }

    pub(super) fn sums(&self) -> Sums {
        Sums {
            calls: self.calls.content(),
            statuses: self.statuses.content(),
        }
    }

    /// How many bytes of memory the state takes.
    pub(in crate::watch) fn weight(&self) -> usize {
        self.calls.weight() + self.statuses.weight()
    }

    /// Whether `changes` lead on from this state: the rows are what they were before, where these tell of them.
    pub(super) fn is_before(&self, changes: &Changes) -> bool {
        self.calls.is_before(&changes.calls) && self.statuses.is_before(&changes.statuses)
    }

    /// The changes that lead from this state to `next`.
    pub(super) fn changes_to(&self, next: &Self) -> Changes {
        Changes {
            calls: self.calls.changes_to(&next.calls),
            statuses: self.statuses.changes_to(&next.statuses),
        }
    }

    /// The state that `changes` lead to.
    pub(super) fn with(&self, changes: &Changes) -> Self {
        Self {
            calls: self.calls.with(&changes.calls),
            statuses: self.statuses.with(&changes.statuses),
        }
    }
}

// === impl Sums ===

impl Sums {
    /// The sums of the state that `changes` led on from to the state with these.
    pub(super) fn before(self, changes: &Changes) -> Self {
        Self {
            calls: content_before(self.calls, &changes.calls),
            statuses: content_before(self.statuses, &changes.statuses),
        }
    }

    /// The hash of the state.
    pub(super) fn hash(self) -> u128 {
        let sums = [self.calls.to_le_bytes(), self.statuses.to_le_bytes()];
        xxh3_128(sums.as_flattened())
    }
}

// === impl Changes ===

impl Changes {
    /// The net effect of changes one after another.
    pub(in crate::watch) fn net<'c>(steps: impl Iterator<Item = &'c Self> + Clone) -> Self {
        Self {
            calls: fold(steps.clone().flat_map(|step| &step.calls)),
            statuses: fold(steps.flat_map(|step| &step.statuses)),
        }
    }

    /// How many bytes of memory the changes take.
    pub(super) fn weight(&self) -> usize {
        let calls: usize = self.calls.iter().map(Change::weight).sum();
        let statuses: usize = self.statuses.iter().map(Change::weight).sum();
        calls + statuses
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.statuses.is_empty()
    }

    /// At most how many bytes tell of the changes, besides the few that every event has.
    pub(in crate::watch) fn size(&self) -> usize {
        let calls: usize = self.calls.iter().map(Change::size).sum();
        let statuses: usize = self.statuses.iter().map(Change::size).sum();
        calls + statuses
    }
}
