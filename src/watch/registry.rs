//! All feeds of the process by their key, the seats of their watchers, and the limits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::Meter;

use super::budget::{Account, Budget};
use super::end::Quota;
use super::feed::{Feed, FeedInfo};
use super::feed_key::FeedKey;
use super::metrics::Metrics;
use super::params::Params;
use super::place::Place;
use crate::lifecycle::ConnectionId;

/// All feeds of the process.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) params: Params,
    feeds: Mutex<HashMap<FeedKey, Arc<Feed>>>,
    watchers: AtomicUsize,
    budget: Arc<Budget>,
    pub(super) metrics: Arc<Metrics>,
}

/// A seat among the watchers of a feed, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    registry: Arc<Registry>,
    pub(super) feed: Arc<Feed>,
    /// Where among the feed's watchers.
    pub(super) place: usize,
}

// === impl Registry ===

impl Registry {
    /// A registry without feeds. What becomes of them is counted by `meter`.
    pub(super) fn new(params: Params, meter: &Meter) -> Self {
        Self {
            budget: Arc::new(Budget::new(params.memory)),
            params,
            feeds: Mutex::default(),
            watchers: AtomicUsize::new(0),
            metrics: Arc::new(Metrics::new(meter)),
        }
    }

    /// Takes a seat at the feed of `key` for a watcher of this connection. If there is no such feed yet, `start` is called
    /// with a new one.
    ///
    /// # Errors
    ///
    /// The limit that would be passed.
    pub(super) fn enter(
        self: &Arc<Self>,
        key: FeedKey,
        connection: Option<ConnectionId>,
        start: impl FnOnce(Arc<Feed>),
    ) -> Result<Seat, Quota> {
        let most = self.params.max_watchers;
        // Taken first and given back if it was too much, so that the lock is not held for refusals.
        if self.watchers.fetch_add(1, Ordering::Relaxed) >= most {
            self.watchers.fetch_sub(1, Ordering::Relaxed);
            return Err(Quota::Watchers(most));
        }
        match self.find_or_start(key, connection, start) {
            Ok((feed, place)) => Ok(Seat {
                registry: self.clone(),
                feed,
                place,
            }),
            Err(quota) => {
                self.watchers.fetch_sub(1, Ordering::Relaxed);
                Err(quota)
            }
        }
    }

    fn find_or_start(
        &self,
        key: FeedKey,
        connection: Option<ConnectionId>,
        start: impl FnOnce(Arc<Feed>),
    ) -> Result<(Arc<Feed>, usize), Quota> {
        let Params {
            max_feed_watchers,
            max_customer_feeds,
            max_connection_feeds,
            max_feeds,
            ..
        } = self.params;
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(&key) {
            let mut shared = feed.lock();
            if shared.watchers.len() >= max_feed_watchers {
                return Err(Quota::FeedWatchers(max_feed_watchers));
            }
            let place = shared.watchers.insert(Place::new());
            drop(shared);
            feed.visited.notify_one();
            return Ok((feed.clone(), place));
        }
        if feeds.len() >= max_feeds {
            return Err(Quota::Feeds(max_feeds));
        }
        let of_customer = feeds.keys().filter(|other| other.has_customer_of(&key));
        if of_customer.count() >= max_customer_feeds {
            return Err(Quota::CustomerFeeds(max_customer_feeds));
        }
        let of_connection = feeds.values().filter(|other| other.starter == connection);
        if connection.is_some() && of_connection.count() >= max_connection_feeds {
            return Err(Quota::ConnectionFeeds(max_connection_feeds));
        }
        if self.budget.is_full_of_states() {
            send_the_idle_away(&feeds);
            return Err(Quota::Memory(self.budget.limit()));
        }
        let account = Account::new(self.budget.clone());
        let feed = Arc::new(Feed::new(key.clone(), connection, &self.params, account));
        let place = feed.lock().watchers.insert(Place::new());
        feeds.insert(key, feed.clone());
        start(feed.clone());
        Ok((feed, place))
    }

    /// Takes a feed away, unless somebody has come to watch it.
    pub(super) fn remove_if_alone(&self, feed: &Arc<Feed>) -> bool {
        let mut feeds = self.lock();
        let is_alone = feed.lock().watchers.is_empty();
        if is_alone {
            remove(&mut feeds, feed);
        }
        is_alone
    }

    /// Has the feeds that nobody watches end at once: there is no room for the state of another.
    pub(super) fn send_the_idle_away(&self) {
        send_the_idle_away(&self.lock());
    }

    /// Takes a feed away: the next watcher of its key starts another.
    pub(super) fn remove(&self, feed: &Arc<Feed>) {
        remove(&mut self.lock(), feed);
    }

    /// What the watch holds in memory.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How many watchers there are, of all feeds.
    pub(super) fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    /// All feeds, in no order.
    pub(super) fn feeds(&self) -> Vec<Arc<Feed>> {
        self.lock().values().cloned().collect()
    }

    /// The feeds as the operator sees them, by customer.
    pub(super) fn infos(&self) -> Vec<FeedInfo> {
        let mut infos: Vec<_> = self.lock().values().map(|feed| feed.info()).collect();
        infos.sort_by(|a, b| a.query().cmp(&b.query()));
        infos
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedKey, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send_the_idle_away(feeds: &HashMap<FeedKey, Arc<Feed>>) {
    for feed in feeds.values() {
        let mut shared = feed.lock();
        if shared.watchers.is_empty() {
            shared.is_in_the_way = true;
            feed.visited.notify_one();
        }
    }
}

/// Takes `feed` away, and not another that has its key by now.
fn remove(feeds: &mut HashMap<FeedKey, Arc<Feed>>, feed: &Arc<Feed>) {
    if feeds.get(&feed.key).is_some_and(|other| Arc::ptr_eq(other, feed)) {
        feeds.remove(&feed.key);
    }
}

// === impl Seat ===

impl Seat {
    pub(super) fn params(&self) -> &Params {
        &self.registry.params
    }

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.registry.metrics
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.watchers.fetch_sub(1, Ordering::Relaxed);
        let mut shared = self.feed.lock();
        shared.watchers.remove(self.place);
        if shared.watchers.is_empty() {
            self.feed.visited.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::nowhere;
    use crate::upstream::value::Id;
    use crate::upstream::{License, Transport};

    /// A seat of customer 1, by a licence of this name.
    fn enter(registry: &Arc<Registry>, license: &str) -> Seat {
        let key = FeedKey {
            license: License::parse(license, "secret", Transport::Routes).unwrap(),
            i_customer: Id::parse(1).unwrap(),
            products: None,
        };
        registry.enter(key, None, |_| {}).unwrap()
    }

    #[test]
    fn a_feed_that_ends_late_takes_no_other_of_its_key_away() {
        let registry = Arc::new(Registry::new(Params::default(), &nowhere()));
        let failed = enter(&registry, "a");
        registry.remove(&failed.feed);
        let other = enter(&registry, "a");
        let is_there = || {
            let feeds = registry.lock();
            feeds.values().any(|feed| Arc::ptr_eq(feed, &other.feed))
        };
        registry.remove(&failed.feed);
        assert!(is_there());
        let feed = failed.feed.clone();
        drop(failed);
        assert!(registry.remove_if_alone(&feed), "nobody watches it");
        assert!(is_there());
        registry.remove(&other.feed);
        assert!(!is_there());
    }

    #[test]
    fn feeds_of_one_query_are_told_apart_and_sorted_by_their_licence() {
        let registry = Arc::new(Registry::new(Params::default(), &nowhere()));
        let names = ["d", "b", "a", "e", "c"];
        let _seats = names.map(|name| enter(&registry, name));
        let licenses: Vec<_> = registry.infos().into_iter().map(|info| info.license).collect();
        assert_eq!(licenses, ["a", "b", "c", "d", "e"]);
    }
}
