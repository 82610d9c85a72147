//! Places for changes: one at a time for each licence and customer, first come, first served.
//!
//! What an answer that was lost is settled by, a list before the change and lists after it, means something only if nobody
//! else here changes the same customer's extensions meanwhile.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::upstream::License;
use crate::upstream::value::Id;

/// The places in use. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<Key, Place>>>);

/// What a place is for.
type Key = (License, Id);

/// A place that somebody has or waits for.
#[derive(Debug, Default)]
struct Place {
    // Its queue is a fair one.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many have it or wait for it.
    users: usize,
}

/// The right to change this customer's extensions. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Turn {
    // In this order: who counts the users must find the place free.
    _turn: OwnedMutexGuard<()>,
    _user: User,
}

/// One who has the place or waits for it. The last one to go takes it along.
#[derive(Debug)]
struct User {
    places: Places,
    key: Key,
}

impl Places {
    /// Waits for the place of this licence and customer, behind all who wait already.
    ///
    /// # Cancellation
    ///
    /// Safe: who leaves loses the place in the queue.
    pub(super) async fn wait(&self, license: License, i_customer: Id) -> Turn {
        let key = (license, i_customer);
        let turn = {
            let mut places = self.lock();
            let place = places.entry(key.clone()).or_default();
            place.users += 1;
            Arc::clone(&place.turn)
        };
        let user = User {
            places: self.clone(),
            key,
        };
        Turn {
            _turn: turn.lock_owned().await,
            _user: user,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Entry::Occupied(mut place) = self.places.lock().entry(self.key.clone()) {
            place.get_mut().users -= 1;
            if place.get().users == 0 {
                place.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::{assert_pending, assert_ready, task};

    use super::*;
    use crate::upstream::Transport;

    fn license(name: &str) -> License {
        License::parse(name, "x", Transport::Routes).expect("a licence")
    }

    fn id(id: i64) -> Id {
        Id::parse(id).expect("an id")
    }

    #[test]
    fn who_comes_first_is_served_first_and_who_leaves_is_passed_over() {
        let places = Places::default();
        let wait = || task::spawn(places.wait(license("a"), id(1)));
        let (mut first, mut second, mut third, mut fourth) = (wait(), wait(), wait(), wait());
        let turn = assert_ready!(first.poll());
        assert_pending!(second.poll());
        assert_pending!(third.poll());
        assert_pending!(fourth.poll());
        drop(second);
        drop(turn);
        assert_pending!(fourth.poll());
        let turn = assert_ready!(third.poll());
        assert_pending!(fourth.poll());
        drop(turn);
        assert_ready!(fourth.poll());
    }

    #[test]
    fn other_customers_and_licences_do_not_wait() {
        let places = Places::default();
        let mut turns = Vec::new();
        for (name, i_customer) in [("a", 1), ("a", 2), ("b", 1)] {
            let mut wait = task::spawn(places.wait(license(name), id(i_customer)));
            turns.push(assert_ready!(wait.poll()));
        }
    }

    #[test]
    fn a_place_that_nobody_uses_is_not_kept() {
        let places = Places::default();
        let mut first = task::spawn(places.wait(license("a"), id(1)));
        let turn = assert_ready!(first.poll());
        let mut second = task::spawn(places.wait(license("a"), id(1)));
        assert_pending!(second.poll());
        drop(turn);
        assert_eq!(places.lock().len(), 1, "somebody waits");
        drop(second);
        assert!(places.lock().is_empty());
    }
}
