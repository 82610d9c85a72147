//! A feed: the gateway's view of one query, written by its owner, read by its watchers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use slab::Slab;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::budget::{Account, Charge, Use};
use super::end::End;
use super::feed_key::FeedKey;
use super::log::Log;
use super::params::Params;
use super::place::{Place, Stuck};
use super::poller::Poller;
use crate::lifecycle::ConnectionId;
use crate::proto::v1::Freshness;

/// One feed.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) key: FeedKey,
    /// [`FeedKey::hash`].
    pub(super) hash: u64,
    /// The connection of the first watcher.
    pub(super) starter: Option<ConnectionId>,
    /// What the feed holds in memory.
    pub(super) account: Arc<Account>,
    shared: Mutex<Shared>,
    /// Wakes the watchers: there is something to tell.
    pub(super) changed: Arc<Notify>,
    /// Wakes the owner: the last watcher has left, or a watcher has come.
    pub(super) visited: Notify,
}

/// What owner and watchers share. Locked for moments, never across an await.
#[derive(Debug)]
pub(super) struct Shared {
    /// When to poll, how the polls went, and how fresh the state is.
    pub(super) poller: Poller,
    /// What is told. `None` until the first good poll.
    pub(super) log: Option<Log>,
    /// What the state takes, and what the next answer is compared with.
    pub(super) memory: Charge,
    pub(super) watchers: Slab<Place>,
    /// Whether another feed needs the room, should nobody watch this one.
    pub(super) is_in_the_way: bool,
    /// How every stream ends now: nobody polls any more.
    pub(super) closed: Option<End>,
    pub(super) tally: Tally,
}

/// What only people want to know of the polls.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) polls: u64,
    /// When the last poll ended, and how long it took.
    pub(super) last: Option<(Instant, Duration)>,
    /// The size of the last good answer.
    pub(super) bytes: usize,
}

/// A feed as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct FeedInfo {
    /// The feed's name in the log: 16 hexadecimal digits, the same in every gateway.
    pub feed: String,
    /// The name of the licence by which the upstream is asked.
    pub license: String,
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
    /// What is held in memory.
    pub memory: MemoryInfo,
}

/// What a feed, and the watch as a whole, hold in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryInfo {
    /// The feed's state, and what the next answer is compared with.
    pub state: usize,
    /// The feed's last deltas.
    pub ring: usize,
    /// The feed's encoded events: kept for the next reader, on their way, or not read.
    pub frames: usize,
    /// All three of all feeds together, those that have ended and whose events are not read included.
    pub all_feeds: usize,
    /// How much all feeds together may hold.
    pub limit: usize,
}

// === impl Feed ===

impl Feed {
    /// A feed that nobody has polled or watches yet.
    pub(super) fn new(
        key: FeedKey,
        starter: Option<ConnectionId>,
        params: &Params,
        account: Account,
    ) -> Self {
        let account = Arc::new(account);
        Self {
            hash: key.hash(),
            key,
            starter,
            shared: Mutex::new(Shared {
                poller: Poller::new(params, Instant::now()),
                log: None,
                memory: account.charge(Use::State, 0),
                watchers: Slab::new(),
                is_in_the_way: false,
                closed: None,
                tally: Tally::default(),
            }),
            account,
            changed: Arc::default(),
            visited: Notify::new(),
        }
    }

    /// The feed's name for people: a pseudonym, the same in every gateway. It keeps the customer's number out of the log,
    /// and from nobody who wants to know: whoever tries all numbers finds it.
    pub(super) fn name(&self) -> String {
        format!("{:016x}", self.hash)
    }

    /// The shared state. A panic elsewhere does not poison it: every writer leaves it whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has every stream end so.
    pub(super) fn close(&self, end: End) {
        self.lock().closed = Some(end);
        self.changed.notify_waiters();
    }

    /// How far its state can be trusted; unspecified while it has none.
    pub(super) fn freshness(&self) -> Freshness {
        let shared = self.lock();
        shared.log.as_ref().map_or(Freshness::Unspecified, Log::freshness)
    }

    /// The feed as the operator sees it.
    pub(super) fn info(&self) -> FeedInfo {
        let shared = self.lock();
        let Shared {
            poller,
            log,
            memory: _,
            watchers,
            is_in_the_way: _,
            closed: _,
            tally,
        } = &*shared;
        let log = log.as_ref();
        FeedInfo {
            feed: self.name(),
            license: self.key.license.name().to_owned(),
            i_customer: self.key.shown("ICustomer").unwrap_or_default(),
            product_ids: self.key.shown("IProducts").unwrap_or_default(),
            watchers: watchers.len(),
            version: log.map(|log| log.history().version()),
            calls: log.map(Log::call_count),
            freshness: log.map(|_| poller.health().name()),
            poll_age_ms: tally.last.map(|(ended, _)| ended.elapsed().as_millis()),
            good_poll_age_ms: poller.last_good().map(|good| good.elapsed().as_millis()),
            poll_duration_ms: tally.last.map_or(0, |(_, took)| took.as_millis()),
            bytes: tally.bytes,
            polls: tally.polls,
            failures_in_a_row: poller.failures_in_a_row(),
            last_error: poller.last_failure().map(|failure| failure.kind.error_type()),
            memory: MemoryInfo::of(&self.account),
        }
    }
}

// === impl Shared ===

impl Shared {
    /// The log, and the place of a watcher in it; `None` before the first good poll.
    pub(super) fn log_and_place(&mut self, place: usize) -> Option<(&mut Log, &mut Place)> {
        Some((self.log.as_mut()?, self.watchers.get_mut(place)?))
    }

    /// The places of the watchers that do not read, and what they hold that others need no more.
    pub(super) fn stuck(&self, patience: Duration, now: Instant) -> Vec<(usize, Stuck)> {
        let Some(log) = &self.log else {
            return Vec::new();
        };
        let places = self.watchers.iter();
        places
            .filter_map(|(number, place)| Some((number, place.stuck(log, patience, now)?)))
            .collect()
    }

    /// Gives up a watcher that does not read. Whether it is one.
    pub(super) fn give_up_if_stuck(&mut self, place: usize, patience: Duration, now: Instant) -> bool {
        let Some((log, place)) = self.log_and_place(place) else {
            return false;
        };
        let is_stuck = place.stuck(log, patience, now).is_some();
        if is_stuck {
            place.give_up(now);
        }
        is_stuck
    }

    /// Resets the streams of those who were given up and have had the time to read why. How many bytes those still hold, if any
    /// are there.
    pub(super) fn reset_those_given_up(&self, patience: Duration, now: Instant) -> Option<usize> {
        let places = self.watchers.iter();
        let held = places.filter_map(|(_, place)| place.reset_if_given_up(patience, now));
        held.reduce(|sum, held| sum + held)
    }
}

// === impl FeedInfo ===

impl FeedInfo {
    /// What the feed is of, by which feeds are sorted: no two are of the same.
    pub(super) fn query(&self) -> (&str, &str, &str) {
        (&self.i_customer, &self.product_ids, &self.license)
    }
}

// === impl MemoryInfo ===

impl MemoryInfo {
    fn of(account: &Account) -> Self {
        Self {
            state: account.used(Use::State),
            ring: account.used(Use::Ring),
            frames: account.used(Use::Frames),
            all_feeds: account.budget().used(),
            limit: account.budget().limit(),
        }
    }
}
