//! The owner of a feed: the one task that polls it and writes its log.
//!
//! It starts with the first watcher and ends a while after the last. All decisions about time are the
//! [`Poller`](super::poller::Poller)'s, all about rows the [`Observer`]'s; the owner moves bytes between them and the log.
//! Should it fail, its feed ends with it: nobody is left with a state that looks alive.

use std::sync::Arc;

use bytes::Bytes;
use prost_types::Timestamp;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

use super::end::{End, PollFailure};
use super::feed::{Feed, Shared};
use super::history::{History, State, Table};
use super::log::Log;
use super::observe::{Observer, Seen};
use super::params::Params;
use super::poller::Polled;
use super::polling::{Answer, Poll, Polling, Progress, Turn};
use super::registry::Registry;
use crate::convert::now as wall_clock;
use crate::telemetry::Chain;
use crate::upstream::Error;

struct Owner {
    polling: Arc<Polling>,
    feed: Arc<Feed>,
    observer: Observer,
    poll: Poll,
    /// Whether the last answer is one that must be confirmed.
    unconfirmed: bool,
    /// Whether there has been a good poll.
    is_open: bool,
    /// Since when nobody watches; without watchers, begun anew by the first good poll.
    alone_since: Option<Instant>,
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
            observer: Observer::new(polling.zone.clone()),
            polling,
            feed,
            poll: Poll::Idle,
            unconfirmed: false,
            is_open: false,
            alone_since: None,
        }
    }

    fn params(&self) -> &Params {
        &self.polling.registry.params
    }

    async fn run(mut self) {
        let (polling, feed) = (self.polling.clone(), self.feed.clone());
        debug!(
            feed = feed.name(),
            i_customer = feed.key.shown("ICustomer"),
            product_ids = feed.key.shown("IProducts"),
            "a feed starts"
        );
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
                self.poll = polling.start(&feed);
            }
            if self.refresh(&mut shared, now) {
                feed.changed.notify_waiters();
            }
        }
        feed.close(End::Draining);
    }

    /// Whether the feed has been alone for long enough and is gone now.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.feed.lock().watchers > 0 {
            self.alone_since = None;
            return false;
        }
        self.alone_since.get_or_insert(now);
        self.leaves_at().is_some_and(|at| at <= now) && self.polling.registry.remove_if_alone(&self.feed)
    }

    /// When a feed that is alone is given up. Not while the upstream may be answering its first good poll: that is what
    /// the next try to watch opens with, however slow the upstream is. A wait for a turn is no such reason: it may be far
    /// longer, and nothing is lost with it.
    fn leaves_at(&self) -> Option<Instant> {
        let may_open = self.poll.is_asking() && !self.is_open;
        Some(self.alone_since? + self.params().linger).filter(|_| !may_open)
    }

    /// A poll that was queued has its turn. It leaves it to the next if nobody watches any more: those who wait behind it
    /// may be watched.
    fn begin(&mut self, turn: Turn) {
        let mut shared = self.feed.lock();
        self.poll = if shared.watchers > 0 {
            self.polling.ask(&self.feed, turn)
        } else {
            shared.poller.give_up(self.params().jittered(), Instant::now());
            Poll::Idle
        };
    }

    /// A poll has ended: read it, tell of it, plan the next.
    fn finish(&mut self, Answer { answer, took }: Answer) {
        self.poll = Poll::Idle;
        let (now, observed_at) = (Instant::now(), wall_clock());
        let bytes = answer.as_ref().map_or(0, Bytes::len);
        // Decoded before anything is locked: it may take a while.
        let read = answer.and_then(|body| self.read(body));

        let feed = self.feed.clone();
        let mut shared = feed.lock();
        shared.tally.polls += 1;
        shared.tally.last = Some((now, took));
        let polled = match read {
            Ok(state) => {
                self.polling.readiness.answered();
                shared.tally.bytes = bytes;
                self.take(&mut shared, state, observed_at, now)
            }
            Err(error) => Polled::Failed(self.failed(&shared, &error)),
        };
        // A first failure is news too, to those who wait for the first poll.
        let is_awaited = shared.poller.last_good().is_none();
        shared.poller.finish(polled, self.params().jittered(), now);
        let is_transition = self.refresh(&mut shared, now);
        drop(shared);
        if is_transition || is_awaited || polled == Polled::Changed {
            feed.changed.notify_waiters();
        }
    }

    /// The state that an answer shows; `None` for the very state of the last.
    fn read(&mut self, body: Bytes) -> Result<Option<State>, Error> {
        let (calls, statuses) = match self.observer.read(body)? {
            // An answer that was not believed the first time is confirmed by coming again.
            Seen::Same if self.unconfirmed => self.observer.rows(),
            Seen::Same => return Ok(None),
            Seen::Rows { calls, statuses } => (calls, statuses),
        };
        Ok(Some(State {
            calls: Table::new(calls),
            statuses: Table::new(statuses),
        }))
    }

    /// Writes what a good answer shows into the log, if it is to be believed.
    fn take(
        &mut self,
        shared: &mut Shared,
        state: Option<State>,
        observed_at: Timestamp,
        now: Instant,
    ) -> Polled {
        let params = self.params();
        match (&mut shared.log, state) {
            (Some(log), None) => {
                log.confirm(observed_at);
                Polled::Unchanged
            }
            (Some(log), Some(state)) => {
                let suspicious = state.calls.rows().is_empty() && log.call_count() >= params.confirm_empty;
                if suspicious && !self.unconfirmed {
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
            (log @ None, state) => {
                let (epoch, state) = (rand::random(), state.unwrap_or_default());
                let feed = self.feed.hash;
                let history = History::begin(feed, epoch, state, observed_at, now, params.history());
                *log = Some(Log::new(history, params, self.polling.explain));
                (self.is_open, self.alone_since) = (true, None);
                Polled::Changed
            }
        }
    }

    fn failed(&mut self, shared: &Shared, error: &Error) -> PollFailure {
        // Only the very next poll confirms.
        if std::mem::take(&mut self.unconfirmed) {
            self.observer.forget();
        }
        let failure = PollFailure::from(error);
        let (feed, kind) = (self.feed.name(), failure.kind.error_type());
        let last = shared.poller.last_failure();
        if last.is_some_and(|last| last.kind == failure.kind) {
            debug!(feed, error.r#type = kind, error = %Chain(error), "a poll failed again");
        } else {
            warn!(feed, error.r#type = kind, error = %Chain(error), "a poll failed");
        }
        failure
    }

    /// Has the log tell what the poller knows by now; true if that is another freshness.
    fn refresh(&self, shared: &mut Shared, now: Instant) -> bool {
        let Shared { poller, log, .. } = shared;
        // Asked first, log or not: the poller wakes for a transition until it has taken note of it.
        let is_transition = poller.refresh(now, wall_clock());
        let Some(log) = log else { return false };
        let health = poller.health();
        log.tell(health);
        if is_transition {
            let (feed, freshness) = (self.feed.name(), health.name());
            info!(feed, freshness, "the freshness of a feed changed");
        }
        is_transition
    }
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
            error!(
                feed = self.feed.name(),
                "the owner of a feed panicked; its watches end"
            );
        }
    }
}
