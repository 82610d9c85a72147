//! All feeds of the process: finds or starts the feed of a query, and keeps to the limits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic_types::pb;

use super::cursor::Cursor;
use super::end::{End, NotLive, Quota};
use super::feed::owner;
use super::feed::{Feed, FeedInfo};
use super::feed_key::FeedKey;
use super::history::OtherFeed;
use super::params::Params;
use super::source::Source;
use super::watcher::{Options, Watcher};
use crate::lifecycle::Readiness;
use crate::upstream::Kind;

/// All feeds of the process. Clones share them.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

/// Puts into a message why a state is not live.
pub type Explain = fn(&NotLive) -> pb::Status;

#[derive(Debug)]
struct Inner {
    params: Params,
    explain: Explain,
    source: Box<dyn Source>,
    readiness: Readiness,
    zone: TimeZone,
    feeds: Mutex<HashMap<FeedKey, Arc<Feed>>>,
    watchers: AtomicUsize,
    polls: Semaphore,
    owners: TaskTracker,
    draining: CancellationToken,
}

/// A place among the watchers of a feed, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    hub: Hub,
    pub(super) feed: Arc<Feed>,
}

// === impl Hub ===

impl Hub {
    /// A hub without feeds, polling `source` and reading zone-less times in `zone`. `explain` makes the message that
    /// tells watchers why a state is not live.
    #[must_use]
    pub fn new(
        source: impl Source,
        readiness: Readiness,
        zone: TimeZone,
        params: Params,
        explain: Explain,
    ) -> Self {
        Self(Arc::new(Inner {
            explain,
            polls: Semaphore::new(params.concurrent_polls),
            params,
            source: Box::new(source),
            readiness,
            zone,
            feeds: Mutex::default(),
            watchers: AtomicUsize::new(0),
            owners: TaskTracker::new(),
            draining: CancellationToken::new(),
        }))
    }

    /// Opens a watch, once there is a first good poll.
    ///
    /// # Errors
    ///
    /// [`End`]; [`End::NoPoll`] if there is no good poll within the deadline or the time to open.
    pub async fn watch(&self, key: FeedKey, options: Options) -> Result<Watcher, End> {
        let place = self.enter(key).map_err(End::Quota)?;
        let until = Instant::now() + self.params().open_timeout;
        let until = options.deadline.map_or(until, |deadline| deadline.min(until));
        let no_poll = |place: &Place| End::NoPoll(place.feed.lock().polls.last_error);
        match timeout_at(until, place.opened()).await {
            Ok(opened) => opened?,
            Err(_) => return Err(no_poll(&place)),
        }
        let start = place
            .feed
            .lock()
            .log
            .as_ref()
            .map(|log| Cursor::start(log, &options.resume_token));
        match start {
            Some(Ok(cursor)) => Ok(Watcher::new(place, cursor, &options)),
            Some(Err(OtherFeed)) => Err(End::OtherFeed),
            None => Err(no_poll(&place)),
        }
    }

    /// The feeds as the operator sees them, by customer.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedInfo> {
        let mut feeds: Vec<_> = self.lock().values().map(|feed| feed.info()).collect();
        feeds.sort_by(|a, b| (&a.i_customer, &a.product_ids).cmp(&(&b.i_customer, &b.product_ids)));
        feeds
    }

    /// Stops the polls and has every stream say goodbye; completes when the feeds have ended.
    pub async fn drain(&self) {
        self.0.draining.cancel();
        self.0.owners.close();
        self.0.owners.wait().await;
    }

    /// Begins to drain when the guard is dropped: feeds hold the hub, and would otherwise go on without it.
    #[must_use]
    pub fn drain_on_drop(&self) -> DropGuard {
        self.0.draining.clone().drop_guard()
    }

    fn enter(&self, key: FeedKey) -> Result<Place, Quota> {
        let limits = self.params();
        // Taken first and given back if it was too much, so that the lock is not held for refusals.
        let place_of = |feed| Place {
            hub: self.clone(),
            feed,
        };
        if self.0.watchers.fetch_add(1, Ordering::Relaxed) >= limits.max_watchers {
            self.0.watchers.fetch_sub(1, Ordering::Relaxed);
            return Err(Quota::Watchers(limits.max_watchers));
        }
        let result = self.find_or_start(key);
        if result.is_err() {
            self.0.watchers.fetch_sub(1, Ordering::Relaxed);
        }
        result.map(place_of)
    }

    fn find_or_start(&self, key: FeedKey) -> Result<Arc<Feed>, Quota> {
        let limits = self.params();
        let mut feeds = self.lock();
        if let Some(feed) = feeds.get(&key) {
            let mut shared = feed.lock();
            if shared.watchers >= limits.max_feed_watchers {
                return Err(Quota::FeedWatchers(limits.max_feed_watchers));
            }
            shared.watchers += 1;
            drop(shared);
            feed.visited.notify_one();
            return Ok(feed.clone());
        }
        if feeds.len() >= limits.max_feeds {
            return Err(Quota::Feeds(limits.max_feeds));
        }
        let feed = Arc::new(Feed::new(key.clone()));
        feed.lock().watchers = 1;
        feeds.insert(key, feed.clone());
        self.0.owners.spawn(owner::run(self.clone(), feed.clone()));
        Ok(feed)
    }

    /// Takes a feed away, unless somebody has come to watch it.
    pub(super) fn remove(&self, feed: &Feed) -> bool {
        let mut feeds = self.lock();
        let alone = feed.lock().watchers == 0;
        if alone {
            feeds.remove(&feed.key);
        }
        alone
    }

    pub(super) fn params(&self) -> &Params {
        &self.0.params
    }

    pub(super) fn source(&self) -> &dyn Source {
        &*self.0.source
    }

    pub(super) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    pub(super) fn explain(&self) -> Explain {
        self.0.explain
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    pub(super) fn polls(&self) -> &Semaphore {
        &self.0.polls
    }

    pub(super) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// A factor around 1, drawn anew each time.
    pub(super) fn jitter(&self) -> f64 {
        1.0 + self.params().jitter * rand::random_range(-1.0..=1.0)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedKey, Arc<Feed>>> {
        self.0.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Place ===

impl Place {
    pub(super) fn params(&self) -> &Params {
        self.hub.params()
    }

    pub(super) fn jitter(&self) -> f64 {
        self.hub.jitter()
    }

    /// Completes with the first good poll, or when it is clear that there will be none.
    async fn opened(&self) -> Result<(), End> {
        loop {
            let changed = self.feed.changed.notified();
            {
                let shared = self.feed.lock();
                if shared.draining || self.hub.draining().is_cancelled() {
                    return Err(End::Draining);
                }
                if shared.log.is_some() {
                    return Ok(());
                }
                // What is wrong is the query: a customer that does not exist, an operation the host lacks.
                if let Some(kind @ (Kind::NotFound | Kind::Refused | Kind::NoOperation)) =
                    shared.polls.last_error
                {
                    return Err(End::Query(kind));
                }
            }
            changed.await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.0.watchers.fetch_sub(1, Ordering::Relaxed);
        let mut shared = self.feed.lock();
        shared.watchers -= 1;
        if shared.watchers == 0 {
            self.feed.visited.notify_one();
        }
    }
}
