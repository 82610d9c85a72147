//! The owner of a feed: the one task that polls it and writes its log.
//!
//! It starts with the first watcher and ends a while after the last. All decisions about time are the
//! [`Poller`](super::poller::Poller)'s, all about rows the [`Observer`]'s; the owner moves bytes between them and the log.
//! Should it fail, its feed ends with it: nobody is left with a state that looks alive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prost_types::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::end::{End, PollFailure};
use super::feed::{Feed, Shared};
use super::health::Health;
use super::history::{History, State, Table};
use super::log::Log;
use super::observe::{Observer, Seen};
use super::params::Params;
use super::poller::Polled;
use super::polling::{Answer, Poll, Polling, Progress, Reader};
use super::registry::Registry;
use super::report;
use super::turns::Turn;
use crate::convert::now as wall_clock;
use crate::upstream::Error;

struct Owner {
    polling: Arc<Polling>,
    feed: Arc<Feed>,
    /// Locked while an answer is read, which may be on another thread; there is none to read then besides it.
    observer: Arc<Mutex<Observer>>,
    poll: Poll,
    /// Whether the last answer is one that must be confirmed.
    unconfirmed: bool,
    /// Whether there has been a good poll.
    is_open: bool,
    /// When the feed is given up, should nobody have come until then; counted anew from the first good poll.
    leaves_at: Option<Instant>,
}

/// Ends the feed when it is dropped before the owner has ended as planned.
struct Guard {
    registry: Arc<Registry>,
    feed: Arc<Feed>,
    is_planned: bool,
}

/// Owns `feed` until nobody has watched it for a while or the gateway stops.
pub(super) async fn run(polling: Arc<Polling>, feed: Arc<Feed>) {
    let mut guard = Guard {
        registry: polling.registry.clone(),
        feed: feed.clone(),
        is_planned: false,
    };
    Owner::new(polling, feed).run().await;
    guard.is_planned = true;
}

// === impl Owner ===

impl Owner {
    fn new(polling: Arc<Polling>, feed: Arc<Feed>) -> Self {
        Self {
            observer: Arc::new(Mutex::new(Observer::new(
                feed.key.i_customer,
                polling.zone.clone(),
            ))),
            polling,
            feed,
            poll: Poll::Idle,
            unconfirmed: false,
            is_open: false,
            leaves_at: None,
        }
    }

    fn params(&self) -> &Params {
        &self.polling.registry.params
    }

    async fn run(mut self) {
        let (polling, feed) = (self.polling.clone(), self.feed.clone());
        report::started(&feed.name());
        loop {
            let wake = [feed.lock().poller.wake(), self.leaves_at()];
            let wake = wake.into_iter().flatten().min();
            tokio::select! {
                () = polling.draining.cancelled() => break,
                progress = self.poll.progress() => match progress {
                    Progress::Turn(turn) => self.begin(turn),
                    Progress::Answer(answer) => self.finish(answer),
                },
                () = feed.visited.notified() => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
            let now = Instant::now();
            if self.is_over(now) {
                return;
            }
            let mut shared = feed.lock();
            if shared.poller.is_due(now) {
                shared.poller.start();
                self.poll = polling.start(&feed, self.reader());
            }
            let transition = refresh(&mut shared, now);
            drop(shared);
            if let Some(health) = transition {
                feed.changed.notify_waiters();
                report::turned(&self.feed.name(), health);
            }
        }
        feed.close(End::Draining);
    }

    /// Whether the feed has been alone for long enough and is gone now. One whose query is refused need not be alone for any
    /// time: there is no state to keep, and the next who asks is to hear what the upstream says then. Nor need one for whose
    /// state another feed has no room.
    fn is_over(&mut self, now: Instant) -> bool {
        let is_of_no_use = {
            let mut shared = self.feed.lock();
            if !shared.watchers.is_empty() {
                self.leaves_at = None;
                shared.is_in_the_way = false;
                return false;
            }
            let failure = shared.poller.last_failure();
            let is_refused = failure.is_some_and(|failure| failure.refuses_query());
            shared.is_in_the_way || shared.log.is_none() && is_refused
        };
        let lingers_until = now + self.params().linger;
        let leaves_at = self.leaves_at.get_or_insert(lingers_until);
        if is_of_no_use {
            *leaves_at = now;
        }
        self.leaves_at().is_some_and(|at| at <= now) && self.polling.registry.remove_if_alone(&self.feed)
    }

    /// When a feed that is alone is given up. Not while the upstream may be answering its first good poll: that is what
    /// the next try to watch opens with, however slow the upstream is. A wait for a turn is no such reason: it may be far
    /// longer, and nothing is lost with it.
    fn leaves_at(&self) -> Option<Instant> {
        let may_open = self.poll.is_asking() && !self.is_open;
        self.leaves_at.filter(|_| !may_open)
    }

    /// A poll that was queued has its turn. It leaves it to the next if nobody watches any more: those who wait behind it
    /// may be watched. With it goes a feed that has no state yet, so that whoever comes again need not wait for the next.
    fn begin(&mut self, turn: Turn) {
        let mut shared = self.feed.lock();
        self.poll = if shared.watchers.is_empty() {
            let now = Instant::now();
            shared.poller.give_up(rand::random(), now);
            if !self.is_open {
                self.leaves_at = Some(now);
            }
            Poll::Idle
        } else {
            self.polling.ask(&self.feed, turn, self.reader())
        };
    }

    /// The observer, between two polls.
    fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What reads the answer of the next poll: the state that it shows; `None` for the very state of the last. One for which
    /// there is no memory is not taken in: the poll has failed, and the last state stays.
    fn reader(&self) -> Reader {
        let (polling, feed) = (self.polling.clone(), self.feed.clone());
        let (observer, unconfirmed) = (self.observer.clone(), self.unconfirmed);
        Box::new(move |body| {
            let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
            let (calls, statuses) = match observer.read(body)? {
                // An answer that was not believed the first time is confirmed by coming again.
                Seen::Same if unconfirmed => observer.rows(),
                Seen::Same => return Ok(None),
                Seen::Rows { calls, statuses } => (calls, statuses),
            };
            let state = State {
                calls: Table::new(calls),
                statuses: Table::new(statuses),
            };
            let weight = observer.weight() + state.weight();
            if feed.lock().memory.set_state(weight).is_err() {
                *observer = Observer::new(feed.key.i_customer, polling.zone.clone());
                polling.registry.send_the_idle_away();
                return Err(Error::NoRoom);
            }
            Ok(Some(state))
        })
    }

    /// A poll has ended, and its answer is read: tell of it, plan the next.
    fn finish(&mut self, answer: Answer) {
        let Answer {
            state: read,
            bytes,
            observed_at,
            took,
        } = answer;
        self.poll = Poll::Idle;
        let now = Instant::now();
        if !self.believes(&read) {
            self.disbelieve();
        }
        // Before the feed is locked: who reads locks the observer first.
        let compared = self.observer().weight();

        let feed = self.feed.clone();
        let mut shared = feed.lock();
        // A first failure is news too, to those who wait for the first poll.
        let is_awaited = shared.log.is_none();
        let before = shared.poller.last_failure();
        shared.tally.polls += 1;
        shared.tally.last = Some((now, took));
        let (mut opening, mut error) = (None, None);
        let polled = match (read, &mut shared.log) {
            (Ok(state), Some(log)) => self.take(log, state, observed_at, now),
            (Ok(Some(state)), None) => {
                opening = Some(state);
                Polled::Changed
            }
            // The very state of an answer that never came here.
            (Ok(None), None) => Polled::Unconfirmed,
            (Err(failed), _) => Polled::Failed(PollFailure::from(&*error.insert(failed))),
        };
        if error.is_none() {
            shared.tally.bytes = bytes;
        }
        self.polling.registry.metrics.polled(polled, took);
        shared.poller.finish(polled, rand::random(), now);
        if let Some(state) = opening {
            self.open(&mut shared, state, observed_at, now);
        }
        let state = shared
            .log
            .as_ref()
            .map_or(0, |log| log.history().state().weight());
        shared.memory.set(compared + state);
        let transition = refresh(&mut shared, now);
        drop(shared);
        if transition.is_some() || is_awaited || polled == Polled::Changed {
            feed.changed.notify_waiters();
        }
        if let Some(error) = error {
            report::failed(&self.feed.name(), &error, before, is_awaited);
        }
        if let Some(health) = transition {
            report::turned(&self.feed.name(), health);
        }
    }

    /// Writes what a good answer shows into the log, if it is to be believed.
    fn take(&mut self, log: &mut Log, state: Option<State>, observed_at: Timestamp, now: Instant) -> Polled {
        let Some(state) = state else {
            log.confirm(observed_at);
            return Polled::Unchanged;
        };
        let is_suspicious = state.calls.rows().is_empty() && log.call_count() >= self.params().confirm_empty;
        if is_suspicious && !self.unconfirmed {
            self.unconfirmed = true;
            return Polled::Unconfirmed;
        }
        self.unconfirmed = false;
        if log.advance(state, observed_at, now) {
            Polled::Changed
        } else {
            Polled::Unchanged
        }
    }

    /// Begins the log with what the first good answer shows. The poller knows of that answer already.
    fn open(&mut self, shared: &mut Shared, state: State, observed_at: Timestamp, now: Instant) {
        let (feed, epoch, params) = (self.feed.hash, rand::random(), self.params());
        let account = self.feed.account.clone();
        let history = History::begin(feed, epoch, state, observed_at, now, params.history());
        shared.poller.refresh(now, observed_at);
        let health = shared.poller.health();
        let metrics = self.polling.registry.metrics.clone();
        shared.log = Some(Log::new(
            history,
            health,
            params,
            self.polling.explain,
            account,
            metrics,
        ));
        (self.is_open, self.leaves_at) = (true, None);
    }

    /// Whether what was read is to be compared with the next. A state that was not read is not an empty one, and what has failed
    /// is not known to be the last.
    fn believes(&self, read: &Result<Option<State>, Error>) -> bool {
        match read {
            Ok(state) => state.is_some() || self.is_open,
            Err(_) => false,
        }
    }

    /// Drops an answer that was to be confirmed: only the very next poll does that. So is one dropped that was read and is
    /// not believed: its bytes must not pass for those of the state that is told.
    fn disbelieve(&mut self) {
        self.unconfirmed = false;
        self.observer().forget();
    }
}

/// Has the log tell what the poller knows by now; how fresh the state is, if it was not so before.
fn refresh(shared: &mut Shared, now: Instant) -> Option<Health> {
    let Shared { poller, log, .. } = shared;
    poller.refresh(now, wall_clock());
    let health = poller.health();
    log.as_mut()?.tell(health).then_some(health)
}

// === impl Guard ===

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_planned {
            return;
        }
        // The key is free first: whoever is told that the feed has failed finds another when coming back.
        self.registry.remove(&self.feed);
        self.feed.close(End::Failed);
        // Otherwise the runtime is going down, and the task with it.
        if std::thread::panicking() {
            report::panicked(&self.feed.name());
        }
    }
}

#[cfg(test)]
mod tests;
