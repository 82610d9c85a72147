//! Instruments that are bound to their labels when these come up first: from then on a record costs nanoseconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// Instruments by what tells them apart. There must be bounds to that: what came up once is kept.
#[derive(Debug)]
pub(crate) struct Bound<K, I>(RwLock<HashMap<K, I>>);

impl<K: Hash + Eq, I> Bound<K, I> {
    /// Records with the instrument of `key`, which `bind` makes if there is none yet.
    pub(crate) fn record(&self, key: K, bind: impl FnOnce(&K) -> I, record: impl FnOnce(&I)) {
        let Self(by_key) = self;
        if let Some(instrument) = by_key.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return record(instrument);
        }
        let instrument = bind(&key);
        let mut by_key = by_key.write().unwrap_or_else(PoisonError::into_inner);
        record(by_key.entry(key).or_insert(instrument));
    }
}

impl<K, I> Default for Bound<K, I> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}
