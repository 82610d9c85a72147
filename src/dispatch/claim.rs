//! What a change claims: how the list of extensions differs if it has happened.
//!
//! ```text
//!   change ── list before ──▶ Claim { order, known } ── list after ──▶ it happened, or what is seen instead
//! ```
//!
//! Pure: no IO and no clock. A claim never says that a change did not happen, since the upstream may be late.

use super::change::Changed;
use super::order::Order;
use crate::upstream::Shows;
use crate::upstream::operation::{NewExtension, UpdateExtension};
use crate::wire::Extension;

/// What must be seen for a change to have happened.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    order: Order,
    /// The records that there were before it was sent, in order; `None` = nobody knows.
    known: Option<Vec<i32>>,
}

/// What a list shows of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has happened.
    Happened(Changed),
    /// It cannot be seen that it has.
    Not(Shows),
    /// The list may be another customer's.
    Foreign,
}

impl Claim {
    /// The claim of an order that is sent after this list was read; `None` if there is no list.
    pub(super) fn new(order: Order, before: Option<&[Extension]>) -> Self {
        let known = before.map(|list| {
            let mut known: Vec<i32> = list.iter().map(|record| record.i_c_ext).collect();
            known.sort_unstable();
            known
        });
        Self { order, known }
    }

    /// The same claim, which takes none of these records for its own.
    pub(super) fn without(mut self, told: impl IntoIterator<Item = i32>) -> Self {
        if let Some(known) = self.known.as_mut().filter(|_| self.order.is_add()) {
            known.extend(told);
            known.sort_unstable();
        }
        self
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    /// Whether a list can show that it has happened. A record is known as new, or as gone, only by the list before.
    pub(super) fn can_be_seen(&self) -> bool {
        matches!(self.order, Order::Update(_)) || self.known.is_some()
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>()
            + self
                .known
                .as_ref()
                .map_or(0, |known| size_of_val(known.as_slice()))
    }

    /// Whether the answer to the order names a record that cannot be its: one that was there before it was added.
    pub(super) fn is_refuted_by(&self, changed: &Changed) -> bool {
        match changed {
            Changed::Record(record) => self.order.is_add() && self.knows(record.i_c_ext),
            Changed::Deleted => false,
        }
    }

    /// What a list that was read after the order was sent shows of it.
    pub(super) fn look(&self, list: Vec<Extension>) -> Verdict {
        match &self.order {
            Order::Add(add) => self.added(&add.0, list),
            Order::AddGetIdentity(add) => self.added(&add.0, list),
            Order::Update(update) => updated(update, list),
            Order::Delete(delete) => self.deleted(delete.i_c_ext.get(), &list),
        }
    }

    fn added(&self, new: &NewExtension, list: Vec<Extension>) -> Verdict {
        if !self.is_own(&list, None) {
            return Verdict::Foreign;
        }
        let fresh = list
            .into_iter()
            .filter(|record| record.i_c_ext != 0 && !self.knows(record.i_c_ext));
        let (mut same, other): (Vec<_>, Vec<_>) = fresh
            .filter(|record| record.id.as_deref() == Some(new.id.as_str()))
            .partition(|record| carries(record, new.name.as_str(), new.i_account.get()));
        same.dedup_by_key(|record| record.i_c_ext);
        match (same.pop(), same.is_empty()) {
            (Some(record), true) => Verdict::Happened(Changed::Record(record)),
            // Others add the same. Which is whose cannot be seen, nor whether one is this order's.
            (Some(_), false) => Verdict::Not(Shows::Present),
            (None, _) if other.is_empty() => Verdict::Not(Shows::Absent),
            (None, _) => Verdict::Not(Shows::Different),
        }
    }

    fn deleted(&self, i_c_ext: i32, list: &[Extension]) -> Verdict {
        if list.iter().any(|record| record.i_c_ext == i_c_ext) {
            Verdict::Not(Shows::Present)
        } else if !self.is_own(list, Some(i_c_ext)) {
            Verdict::Foreign
        } else if self.knows(i_c_ext) {
            Verdict::Happened(Changed::Deleted)
        } else {
            // It may never have been there.
            Verdict::Not(Shows::Absent)
        }
    }

    fn knows(&self, i_c_ext: i32) -> bool {
        self.known
            .as_ref()
            .is_some_and(|known| known.binary_search(&i_c_ext).is_ok())
    }

    /// Whether the list is of the same customer as the one before, as far as can be told. Rows of extensions name nobody, and
    /// something on the way may have answered once too often: then either list is another's. It is known by records that
    /// are in both, apart from the one that is to go; or if there were none, by having no more than the order makes.
    fn is_own(&self, list: &[Extension], leaving: Option<i32>) -> bool {
        let stays = |i_c_ext: &i32| Some(*i_c_ext) != leaving;
        let mut before = self.known.iter().flatten().filter(|i_c_ext| stays(i_c_ext));
        if before.next().is_some() {
            list.iter()
                .any(|record| stays(&record.i_c_ext) && self.knows(record.i_c_ext))
        } else {
            list.len() <= usize::from(leaving.is_none())
        }
    }
}

fn updated(update: &UpdateExtension, list: Vec<Extension>) -> Verdict {
    let record = list
        .into_iter()
        .find(|record| record.i_c_ext == update.i_c_ext.get());
    match record {
        None => Verdict::Not(Shows::Absent),
        Some(record)
            if record.id.as_deref() == Some(update.id.as_str())
                && carries(&record, update.name.as_str(), update.i_account.get()) =>
        {
            Verdict::Happened(Changed::Record(record))
        }
        Some(_) => Verdict::Not(Shows::Different),
    }
}

fn carries(record: &Extension, name: &str, i_account: i32) -> bool {
    record.name.as_deref() == Some(name) && record.i_account == i_account
}

#[cfg(test)]
mod tests;
