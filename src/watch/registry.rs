//! All feeds of the process by their key, the seats of their watchers, and the limits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::end::Quota;
use super::feed::{Feed, FeedInfo};
use super::feed_key::FeedKey;
use super::params::Params;

/// All feeds of the process.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) params: Params,
    feeds: Mutex<HashMap<FeedKey, Arc<Feed>>>,
    watchers: AtomicUsize,
}

/// A seat among the watchers of a feed, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    registry: Arc<Registry>,
    pub(super) feed: Arc<Feed>,
}

// === impl Registry ===

impl Registry {
    pub(super) fn new(params: Params) -> Self {
        Self {
            params,
            feeds: Mutex::default(),
            watchers: AtomicUsize::new(0),
        }
    }

    /// Takes a seat at the feed of `key`. If there is no such feed yet, `start` is called with a new one.
    ///
    /// # Errors
    ///
    /// The limit that would be passed.
    pub(super) fn enter(
        self: &Arc<Self>,
        key: FeedKey,
        start: impl FnOnce(Arc<Feed>),
    ) -> Result<Seat, Quota> {
        let most = self.params.max_watchers;
        // Taken first and given back if it was too much, so that the lock is not held for refusals.
        if self.watchers.fetch_add(1, Ordering::Relaxed) >= most {
            self.watchers.fetch_sub(1, Ordering::Relaxed);
            return Err(Quota::Watchers(most));
        }
        match self.find_or_start(key, start) {
            Ok(feed) => Ok(Seat {
                registry: self.clone(),
                feed,
            }),
            Err(quota) => {
                self.watchers.fetch_sub(1, Ordering::Relaxed);
                Err(quota)
            }
        }
    }

    fn find_or_start(&self, key: FeedKey, start: impl FnOnce(Arc<Feed>)) -> Result<Arc<Feed>, Quota> {
        let Params {
            max_feed_watchers,
            max_feeds,
            ..
        } = self.params;
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(&key) {
            let mut shared = feed.lock();
            if shared.watchers >= max_feed_watchers {
                return Err(Quota::FeedWatchers(max_feed_watchers));
            }
            shared.watchers += 1;
            drop(shared);
            feed.visited.notify_one();
            return Ok(feed.clone());
        }
        if feeds.len() >= max_feeds {
            return Err(Quota::Feeds(max_feeds));
        }
        let feed = Arc::new(Feed::new(key.clone(), &self.params));
        feed.lock().watchers = 1;
        feeds.insert(key, feed.clone());
        start(feed.clone());
        Ok(feed)
    }

    /// Takes a feed away, unless somebody has come to watch it.
    pub(super) fn remove_if_alone(&self, feed: &Feed) -> bool {
        let mut feeds = self.lock();
        let is_alone = feed.lock().watchers == 0;
        if is_alone {
            feeds.remove(&feed.key);
        }
        is_alone
    }

    /// Takes a feed away: the next watcher of its key starts another.
    pub(super) fn remove(&self, feed: &Feed) {
        self.lock().remove(&feed.key);
    }

    /// The feeds as the operator sees them, by customer.
    pub(super) fn infos(&self) -> Vec<FeedInfo> {
        let mut infos: Vec<_> = self.lock().values().map(|feed| feed.info()).collect();
        infos.sort_by(|a, b| (&a.i_customer, &a.product_ids).cmp(&(&b.i_customer, &b.product_ids)));
        infos
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedKey, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Seat ===

impl Seat {
    pub(super) fn params(&self) -> &Params {
        &self.registry.params
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.watchers.fetch_sub(1, Ordering::Relaxed);
        let mut shared = self.feed.lock();
        shared.watchers -= 1;
        if shared.watchers == 0 {
            self.feed.visited.notify_one();
        }
    }
}
