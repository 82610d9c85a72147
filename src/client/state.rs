//! What a watch knows.

use std::sync::Arc;
use std::time::SystemTime;

use tonic::Status;

use super::call_set::{CallSet, Change};
use super::freshness::Freshness;
use crate::proto::v1::snapshot;

/// What a watch knows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) calls: Option<Arc<CallSet>>,
    pub(super) version: u64,
    pub(super) observed_at: Option<SystemTime>,
    pub(super) freshness: Freshness,
    /// How many snapshots have replaced the set, and why the last did.
    pub(super) resets: u64,
    pub(super) reason: snapshot::Reason,
    pub(super) ended: Option<Status>,
}

impl State {
    /// The calls as last known; `None` until the gateway has told of them once. Empty means that there are none.
    #[must_use]
    pub fn calls(&self) -> Option<&Arc<CallSet>> {
        self.calls.as_ref()
    }

    /// The version of the calls in the gateway's feed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When the gateway had read the poll that the calls are from, by its clock.
    #[must_use]
    pub fn observed_at(&self) -> Option<SystemTime> {
        self.observed_at
    }

    /// How far the calls can be trusted.
    #[must_use]
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The status that ended the watch for good.
    #[must_use]
    pub fn ended(&self) -> Option<&Status> {
        self.ended.as_ref()
    }

    /// How this state differs from an `earlier` one of the same watch.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.resets != earlier.resets {
            changes.push(Change::Reset(self.reason));
        }
        if let Some(calls) = &self.calls {
            match &earlier.calls {
                Some(earlier) if Arc::ptr_eq(earlier, calls) => {}
                Some(earlier) => changes.extend(calls.changes_since(earlier)),
                None => changes.extend(calls.changes_since(&CallSet::default())),
            }
        }
        if self.freshness != earlier.freshness {
            changes.push(Change::Freshness(self.freshness.clone()));
        }
        changes
    }
}
