//! A table of rows by key, and how one table differs from the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::row::{self, Row};
use super::written::{Damaged, WrittenChange, WrittenRow};

/// Rows in the upstream's order, found by key. The deltas that are made of them share them.
#[derive(Debug)]
pub(in crate::watch) struct Table<R: Row> {
    rows: Vec<Arc<R>>,
    index: HashMap<R::Key, usize>,
    weight: usize,
}

/// How one row changed: `None` stands for a row that was not or is no more there.
#[derive(Debug)]
pub(in crate::watch) struct Change<R> {
    pub(in crate::watch) before: Option<Arc<R>>,
    pub(in crate::watch) after: Option<Arc<R>>,
}

// === impl Table ===

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<R: Row> Table<R> {
    /// A table of `rows`. Of rows with one key the first is kept.
    pub(in crate::watch) fn new(mut rows: Vec<Arc<R>>) -> Self {
        let mut index = HashMap::with_capacity(rows.len());
        rows.retain(|row| {
            let position = index.len();
            let mut is_new = false;
            index.entry(row.key().clone()).or_insert_with(|| {
                is_new = true;
                position
            });
            is_new
        });
        // A hash table is at least half full.
        let entry = 2 * size_of::<(R::Key, usize)>() + size_of::<Arc<R>>();
        let weight = rows.iter().map(|row| entry + row.key_weight() + row.weight());
        Self {
            weight: weight.sum(),
            rows,
            index,
        }
    }

    pub(in crate::watch) fn rows(&self) -> &[Arc<R>] {
        &self.rows
    }

    fn get(&self, key: &R::Key) -> Option<&Arc<R>> {
        self.index.get(key).map(|&position| &self.rows[position])
    }

    /// The sum of the rows' contents: the same for the same rows in any order.
    pub(super) fn content(&self) -> u128 {
        self.rows
            .iter()
            .fold(0, |sum, row| sum.wrapping_add(row.content()))
    }

    /// How many bytes of memory the table takes, with all of its rows.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Whether the rows are as they were before `changes`, where these tell of them.
    pub(super) fn is_before(&self, changes: &[Change<R>]) -> bool {
        let content = |row: Option<&Arc<R>>| row.map(|row| row.content());
        changes.iter().all(|change| {
            let row = change.key().and_then(|key| self.get(key));
            content(row) == content(change.before.as_ref())
        })
    }

    /// The changes that lead from this table to `next`: first what is new or other, in the order of `next`, then what is
    /// gone.
    pub(super) fn changes_to(&self, next: &Self) -> Vec<Change<R>> {
        let mut changes = Vec::new();
        for after in &next.rows {
            let before = self.get(after.key());
            // Most rows are the very same allocation.
            if before.is_some_and(|before| Arc::ptr_eq(before, after) || before.content() == after.content())
            {
                continue;
            }
            changes.push(Change {
                before: before.cloned(),
                after: Some(after.clone()),
            });
        }
        for before in &self.rows {
            if next.get(before.key()).is_none() {
                changes.push(Change {
                    before: Some(before.clone()),
                    after: None,
                });
            }
        }
        changes
    }

    /// The table that `changes` lead to: rows keep their places, new ones come last.
    pub(super) fn with(&self, changes: &[Change<R>]) -> Self {
        let by_key: HashMap<_, _> = changes
            .iter()
            .filter_map(|change| Some((change.key()?, change)))
            .collect();
        let kept = self.rows.iter().filter_map(|row| match by_key.get(row.key()) {
            None => Some(row.clone()),
            Some(change) => change.after.clone(),
        });
        let is_new = |change: &&Change<R>| change.key().is_some_and(|key| !self.index.contains_key(key));
        let new = changes
            .iter()
            .filter(is_new)
            .filter_map(|change| change.after.clone());
        Self::new(kept.chain(new).collect())
    }

    /// Writes the rows down.
    pub(super) fn to_written(&self) -> Vec<WrittenRow> {
        self.rows.iter().map(|row| row::to_written(&**row)).collect()
    }

    /// Reads rows that were written down, no two with one key.
    pub(super) fn from_written(written: Vec<WrittenRow>) -> Result<Self, Damaged> {
        let len = written.len();
        let rows = written
            .into_iter()
            .map(|row| row::from_written(row).map(Arc::new));
        let table = Self::new(rows.collect::<Result<_, _>>()?);
        (table.rows.len() == len).then_some(table).ok_or(Damaged)
    }
}

// === impl Change ===

impl<R: Row> Change<R> {
    /// At most how many bytes tell of the change.
    pub(super) fn size(&self) -> usize {
        match (&self.before, &self.after) {
            (_, Some(after)) => after.len_as_told(),
            (Some(before), None) => before.len_as_told_gone(),
            (None, None) => 0,
        }
    }

    /// How many bytes of memory the change takes.
    pub(super) fn weight(&self) -> usize {
        let row = |row: &Option<Arc<R>>| row.as_ref().map_or(0, |row| row.weight());
        size_of::<Self>() + row(&self.before) + row(&self.after)
    }

    /// Writes the change down.
    pub(super) fn to_written(&self) -> WrittenChange {
        let Self { before, after } = self;
        WrittenChange {
            before: before.as_deref().map(row::to_written),
            after: after.as_deref().map(row::to_written),
        }
    }

    /// Reads a change that was written down, of one row and to another content.
    fn from_written(written: WrittenChange) -> Result<Self, Damaged> {
        let row = |row: Option<WrittenRow>| row.map(|row| row::from_written(row).map(Arc::new)).transpose();
        let WrittenChange { before, after } = written;
        let change = Self {
            before: row(before)?,
            after: row(after)?,
        };
        let is_of_one = match (&change.before, &change.after) {
            (Some(before), Some(after)) => before.key() == after.key(),
            _ => true,
        };
        let is_sound = is_of_one && !change.is_none();
        is_sound.then_some(change).ok_or(Damaged)
    }

    /// Reads changes that were written down, no two of one row.
    pub(super) fn all_from_written(written: Vec<WrittenChange>) -> Result<Vec<Self>, Damaged> {
        let changes = written
            .into_iter()
            .map(Self::from_written)
            .collect::<Result<Vec<_>, _>>()?;
        let keys: HashSet<_> = changes.iter().filter_map(Self::key).collect();
        let is_sound = keys.len() == changes.len();
        is_sound.then_some(changes).ok_or(Damaged)
    }

    /// The difference that the change makes to the sum of a table's contents.
    fn content(&self) -> u128 {
        let content = |row: &Option<Arc<R>>| row.as_ref().map_or(0, |row| row.content());
        content(&self.after).wrapping_sub(content(&self.before))
    }

    /// The key of the row that changed.
    fn key(&self) -> Option<&R::Key> {
        self.after.as_ref().or(self.before.as_ref()).map(|row| row.key())
    }

    /// Whether the row is as it was.
    fn is_none(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.content() == after.content(),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl<R> Clone for Change<R> {
    fn clone(&self) -> Self {
        Self {
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

/// The sum of a table's contents before `changes`, which made it `sum`.
pub(super) fn content_before<R: Row>(sum: u128, changes: &[Change<R>]) -> u128 {
    changes
        .iter()
        .fold(sum, |sum, change| sum.wrapping_sub(change.content()))
}

/// The net effect of changes one after another: one change a row at most, none for a row that is as it was.
pub(super) fn fold<'c, R: Row + 'c>(changes: impl IntoIterator<Item = &'c Change<R>>) -> Vec<Change<R>> {
    let mut net: Vec<Change<R>> = Vec::new();
    let mut index = HashMap::new();
    for change in changes {
        let Some(key) = change.key() else { continue };
        match index.get(key) {
            None => {
                index.insert(key.clone(), net.len());
                net.push(change.clone());
            }
            Some(&position) => net[position].after.clone_from(&change.after),
        }
    }
    net.retain(|change| !change.is_none());
    net
}

#[cfg(test)]
mod tests;
