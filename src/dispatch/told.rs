//! The records that adds were told to have made, so that none is told to two of them.
//!
//! A change is looked for once more when its place has been somebody else's meanwhile. A record that another add was told
//! is that one's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::upstream::License;
use crate::upstream::value::Id;

/// For how long a record is known: longer than changes of an unknown outcome are, unless they are asked for again and again.
const KEPT: Duration = Duration::from_secs(3600);

/// The records told of late. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct ToldRecords(Arc<Mutex<Records>>);

/// Whose records.
type Key = (License, Id);

#[derive(Debug, Default)]
struct Records {
    by_customer: HashMap<Key, VecDeque<i32>>,
    expiring: VecDeque<(Instant, Key)>,
}

impl ToldRecords {
    /// An add has been told this record.
    pub(super) fn note(&self, license: &License, i_customer: Id, i_c_ext: i32) {
        let (mut records, now) = (self.lock(), Instant::now());
        while records.expiring.front().is_some_and(|(at, _)| *at <= now) {
            records.forget_the_oldest();
        }
        let key = (license.clone(), i_customer);
        records
            .by_customer
            .entry(key.clone())
            .or_default()
            .push_back(i_c_ext);
        records.expiring.push_back((now + KEPT, key));
    }

    /// The records of the customer that adds were told.
    pub(super) fn of(&self, license: &License, i_customer: Id) -> Vec<i32> {
        let records = self.lock();
        let told = records.by_customer.get(&(license.clone(), i_customer));
        told.map(|told| told.iter().copied().collect())
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn forget_the_oldest(&mut self) {
        let Some((_, key)) = self.expiring.pop_front() else {
            return;
        };
        if let Some(told) = self.by_customer.get_mut(&key) {
            // The oldest of a customer is the first.
            told.pop_front();
            if told.is_empty() {
                self.by_customer.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Transport;

    #[tokio::test(start_paused = true)]
    async fn records_are_a_customers_and_forgotten_after_a_time() {
        let told = ToldRecords::default();
        let license = License::parse("a", "x", Transport::Routes).expect("a licence");
        let id = |id| Id::parse(id).expect("an id");
        told.note(&license, id(1), 5001);
        tokio::time::advance(KEPT / 2).await;
        told.note(&license, id(1), 5002);
        assert_eq!(told.of(&license, id(1)), [5001, 5002]);
        assert!(told.of(&license, id(2)).is_empty());
        tokio::time::advance(KEPT / 2).await;
        told.note(&license, id(2), 5003);
        assert_eq!(told.of(&license, id(1)), [5002]);
        tokio::time::advance(KEPT).await;
        told.note(&license, id(2), 5004);
        assert_eq!(told.lock().by_customer.len(), 1, "nothing is kept of it");
    }
}
