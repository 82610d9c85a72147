//! A feed: the gateway's view of one query, owned by one task, read by its watchers.

pub(super) mod owner;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::feed_key::FeedKey;
use super::log::Log;
use crate::proto::v1::Freshness;
use crate::upstream::Kind;

/// One feed. Its owner writes, its watchers read.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) key: FeedKey,
    /// [`FeedKey::hash`].
    pub(super) hash: u64,
    shared: Mutex<Shared>,
    /// Wakes the watchers: there is something to tell.
    pub(super) changed: Arc<Notify>,
    /// Wakes the owner: the last watcher has left, or a watcher has come.
    pub(super) visited: Notify,
}

/// What owner and watchers share. Locked for moments, never across an await.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// `None` until the first good poll.
    pub(super) log: Option<Log>,
    pub(super) watchers: usize,
    /// The gateway is stopping: streams say goodbye.
    pub(super) draining: bool,
    pub(super) last_good: Option<Instant>,
    pub(super) polls: Polls,
}

/// What is known of the polls, for people.
#[derive(Debug, Default)]
pub(super) struct Polls {
    pub(super) count: u64,
    pub(super) failures_in_a_row: u32,
    pub(super) last_error: Option<Kind>,
    pub(super) last_ended: Option<Instant>,
    pub(super) last_duration: Duration,
    pub(super) last_bytes: usize,
}

/// A feed as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct FeedInfo {
    /// The customer.
    pub i_customer: String,
    /// The product ids with commas between them; empty = all.
    pub product_ids: String,
    /// How many watch.
    pub watchers: usize,
    /// The version of the state; absent before the first good poll.
    pub version: Option<u64>,
    /// How many calls there are.
    pub calls: Option<usize>,
    /// `LIVE`, `STALE` or `DOWN`; absent before the first good poll.
    pub freshness: Option<&'static str>,
    /// Milliseconds since the last poll ended.
    pub poll_age_ms: Option<u128>,
    /// Milliseconds since the last good poll ended.
    pub good_poll_age_ms: Option<u128>,
    /// How long the last poll took, in milliseconds.
    pub poll_duration_ms: u128,
    /// The size of the last good answer.
    pub bytes: usize,
    /// How many polls there were.
    pub polls: u64,
    /// How many failed since the last good one.
    pub failures_in_a_row: u32,
    /// The `error.type` of the last poll, if it failed.
    pub last_error: Option<&'static str>,
}

impl Feed {
    /// A feed that nobody has polled or watches yet.
    pub(super) fn new(key: FeedKey) -> Self {
        Self {
            hash: key.hash(),
            key,
            shared: Mutex::default(),
            changed: Arc::default(),
            visited: Notify::new(),
        }
    }

    /// The shared state. A panic elsewhere does not poison it: every writer leaves it whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The feed as the operator sees it.
    pub(super) fn info(&self) -> FeedInfo {
        let shared = self.lock();
        let log = shared.log.as_ref();
        let age = |at: Option<Instant>| at.map(|at| at.elapsed().as_millis());
        FeedInfo {
            i_customer: self.key.shown("ICustomer").unwrap_or_default(),
            product_ids: self.key.shown("IProducts").unwrap_or_default(),
            watchers: shared.watchers,
            version: log.map(|log| log.history().version()),
            calls: log.map(Log::call_count),
            freshness: log.map(|log| freshness_name(log.freshness())),
            poll_age_ms: age(shared.polls.last_ended),
            good_poll_age_ms: age(shared.last_good),
            poll_duration_ms: shared.polls.last_duration.as_millis(),
            bytes: shared.polls.last_bytes,
            polls: shared.polls.count,
            failures_in_a_row: shared.polls.failures_in_a_row,
            last_error: shared.polls.last_error.map(Kind::error_type),
        }
    }
}

/// The name of a freshness without its prefix.
pub(super) fn freshness_name(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Unspecified => "UNSPECIFIED",
        Freshness::Live => "LIVE",
        Freshness::Stale => "STALE",
        Freshness::Down => "DOWN",
    }
}
