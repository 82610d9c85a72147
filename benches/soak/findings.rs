//! What was found, and how much was done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was found, and how much was done. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    list: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
    /// How callers' calls ended, by what they were told.
    told: BTreeMap<String, u64>,
}

impl Findings {
    /// Something that must not be. Printed at once, as the run may be long.
    pub(crate) fn report(&self, finding: String) {
        println!("FOUND: {finding}");
        self.lock().list.push(finding);
    }

    /// One more of `what`.
    pub(crate) fn count(&self, what: &'static str) {
        *self.lock().counts.entry(what).or_default() += 1;
    }

    /// A caller was told this.
    pub(crate) fn told(&self, told: String) {
        *self.lock().told.entry(told).or_default() += 1;
    }

    /// How many of `what` there were.
    pub(crate) fn count_of(&self, what: &str) -> String {
        let found = self.lock();
        found.counts.get(what).copied().unwrap_or_default().to_string()
    }

    /// What was found.
    pub(crate) fn list(&self) -> Vec<String> {
        self.lock().list.clone()
    }

    /// Prints how much was done.
    pub(crate) fn print(&self) {
        let found = self.lock();
        for (what, count) in &found.counts {
            println!("{what}: {count}");
        }
        for (told, count) in &found.told {
            println!("told {told}: {count}");
        }
        println!("findings: {}", found.list.len());
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
