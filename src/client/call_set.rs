//! A set of calls and extension statuses, and how two of them differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::freshness::Freshness;
use crate::proto::v1::{ActiveCall, Delta, ExtensionStatus, Snapshot, snapshot};

/// The live calls of a customer and the statuses of the extensions, as of one poll of the upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallSet {
    calls: BTreeMap<Arc<str>, Arc<ActiveCall>>,
    statuses: BTreeMap<i64, Arc<ExtensionStatus>>,
}

/// How one state differs from an earlier one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// The whole state was told anew, for this reason. What differs from the earlier one follows as other changes.
    Reset(snapshot::Reason),
    /// A call is there that was not.
    Started(Arc<ActiveCall>),
    /// A call differs in more than its `duration_mins`.
    Updated {
        /// As it was.
        before: Arc<ActiveCall>,
        /// As it is.
        after: Arc<ActiveCall>,
    },
    /// A call is gone; as last seen.
    Ended(Arc<ActiveCall>),
    /// The status of an extension is new or differs.
    Status {
        /// As it was, if it was there.
        before: Option<Arc<ExtensionStatus>>,
        /// As it is.
        after: Arc<ExtensionStatus>,
    },
    /// The status of an extension is gone; as last seen.
    StatusRemoved(Arc<ExtensionStatus>),
    /// The state can be trusted more, less, or for another reason.
    Freshness(Freshness),
}

impl CallSet {
    /// The calls, ordered by their key.
    #[must_use]
    pub fn calls(&self) -> impl ExactSizeIterator<Item = &Arc<ActiveCall>> {
        self.calls.values()
    }

    /// The call with this [`ActiveCall::key`].
    #[must_use]
    pub fn call(&self, key: &str) -> Option<&Arc<ActiveCall>> {
        self.calls.get(key)
    }

    /// The statuses of the extensions, ordered by `i_c_ext`.
    #[must_use]
    pub fn statuses(&self) -> impl ExactSizeIterator<Item = &Arc<ExtensionStatus>> {
        self.statuses.values()
    }

    /// The status of the extension with this `i_c_ext`.
    #[must_use]
    pub fn status(&self, i_c_ext: i64) -> Option<&Arc<ExtensionStatus>> {
        self.statuses.get(&i_c_ext)
    }

    /// How this set differs from an `earlier` one: first what is gone, then what is new or other.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (key, call) in &earlier.calls {
            if !self.calls.contains_key(key) {
                changes.push(Change::Ended(call.clone()));
            }
        }
        for (key, after) in &self.calls {
            match earlier.calls.get(key) {
                None => changes.push(Change::Started(after.clone())),
                Some(before) if is_same_call(before, after) => {}
                Some(before) => changes.push(Change::Updated {
                    before: before.clone(),
                    after: after.clone(),
                }),
            }
        }
        for (i_c_ext, status) in &earlier.statuses {
            if !self.statuses.contains_key(i_c_ext) {
                changes.push(Change::StatusRemoved(status.clone()));
            }
        }
        for (i_c_ext, after) in &self.statuses {
            let before = earlier.statuses.get(i_c_ext);
            if before != Some(after) {
                changes.push(Change::Status {
                    before: before.cloned(),
                    after: after.clone(),
                });
            }
        }
        changes
    }

    /// Adds what a part of a snapshot holds.
    pub(super) fn add_part(&mut self, part: Snapshot) {
        self.put(part.calls, part.extension_statuses);
    }

    /// Moves the set on by a delta.
    pub(super) fn apply(&mut self, delta: Delta) {
        for call in &delta.ended {
            self.calls.remove(call.key.as_str());
        }
        for i_c_ext in &delta.removed_extension_statuses {
            self.statuses.remove(i_c_ext);
        }
        self.put(
            delta.started.into_iter().chain(delta.updated),
            delta.extension_statuses,
        );
    }

    fn put(
        &mut self,
        calls: impl IntoIterator<Item = ActiveCall>,
        statuses: impl IntoIterator<Item = ExtensionStatus>,
    ) {
        for call in calls {
            self.calls.insert(call.key.as_str().into(), Arc::new(call));
        }
        for status in statuses {
            self.statuses.insert(status.i_c_ext, Arc::new(status));
        }
    }
}

/// Whether two sightings of a call differ in nothing but the duration, which moves on every poll.
fn is_same_call(before: &Arc<ActiveCall>, after: &Arc<ActiveCall>) -> bool {
    Arc::ptr_eq(before, after) || {
        let duration_mins = after.duration_mins.clone();
        let before = ActiveCall {
            duration_mins,
            ..ActiveCall::clone(before)
        };
        before == **after
    }
}
