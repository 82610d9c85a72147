//! The owner of a feed: the one task that polls it and writes its log.
//!
//! It starts with the first watcher and ends a while after the last. All decisions about time are the
//! [`Poller`]'s, all about rows the [`Observer`]'s; the owner moves bytes between them and the log.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use tonic_types::pb;
use tracing::{debug, info, warn};

use super::{Feed, Shared, freshness_name};
use crate::convert::now as timestamp;
use crate::proto::v1::{FeedState, Freshness};
use crate::telemetry::Chain;
use crate::upstream::Error;
use crate::watch::end::{NotLive, PollFailure};
use crate::watch::history::{History, State, Table};
use crate::watch::hub::Hub;
use crate::watch::log::Log;
use crate::watch::observe::{Observer, Seen};
use crate::watch::poller::{Outcome, Poller};

/// A poll under way: its answer and how long it took.
type Poll = Pin<Box<dyn Future<Output = (Result<Bytes, Error>, Duration)> + Send>>;

/// Owns `feed` until nobody has watched it for a while or the gateway stops.
pub(in crate::watch) async fn run(hub: Hub, feed: Arc<Feed>) {
    Owner::new(hub, feed).run().await;
}

struct Owner {
    hub: Hub,
    feed: Arc<Feed>,
    observer: Observer,
    poller: Poller,
    poll: Option<Poll>,
    /// Whether the last answer is one that must be confirmed.
    unconfirmed: bool,
    last_error: Option<pb::Status>,
    /// Since when nobody watches.
    alone_since: Option<Instant>,
}

impl Owner {
    fn new(hub: Hub, feed: Arc<Feed>) -> Self {
        Self {
            observer: Observer::new(hub.zone().clone()),
            poller: Poller::new(hub.params(), Instant::now()),
            hub,
            feed,
            poll: None,
            unconfirmed: false,
            last_error: None,
            alone_since: None,
        }
    }

    async fn run(mut self) {
        let draining = self.hub.draining().clone();
        loop {
            let wake = self.poller.wake();
            let leave = self.alone_since.map(|since| since + self.hub.params().linger);
            let wake = [wake, leave].into_iter().flatten().min();
            tokio::select! {
                () = draining.cancelled() => break,
                (answer, took) = finished(&mut self.poll) => self.finish(answer, took),
                () = self.feed.visited.notified() => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
            let now = Instant::now();
            if self.is_over(now) {
                return;
            }
            if self.poller.is_due(now) {
                self.poller.start();
                self.poll = Some(self.start_poll());
            }
            let feed = self.feed.clone();
            if self.refresh(&mut feed.lock(), now) {
                feed.changed.notify_waiters();
            }
        }
        self.feed.lock().draining = true;
        self.feed.changed.notify_waiters();
    }

    /// Whether the feed has been alone for long enough and is gone now.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.feed.lock().watchers > 0 {
            self.alone_since = None;
            return false;
        }
        let since = *self.alone_since.get_or_insert(now);
        now.duration_since(since) >= self.hub.params().linger && self.hub.remove(&self.feed)
    }

    fn start_poll(&self) -> Poll {
        let (hub, feed) = (self.hub.clone(), self.feed.clone());
        Box::pin(async move {
            // The wait for a turn is not the upstream's time. The semaphore is never closed.
            let _turn = hub.polls().acquire().await;
            let started = Instant::now();
            let timeout = hub.params().poll_timeout;
            let answer = hub.source().fetch(&feed.key.operation(), timeout).await;
            (answer, started.elapsed())
        })
    }

    /// A poll has ended: read it, tell of it, plan the next.
    fn finish(&mut self, answer: Result<Bytes, Error>, took: Duration) {
        self.poll = None;
        let (now, observed_at) = (Instant::now(), timestamp());
        let bytes = answer.as_ref().map_or(0, Bytes::len);
        // Decoded before anything is locked: it may take a while.
        let read = answer.and_then(|body| self.read(body));
        if let Err(error) = &read {
            self.failed(error);
        } else {
            self.hub.readiness().answered();
            self.last_error = None;
        }

        let feed = self.feed.clone();
        let mut shared = feed.lock();
        let outcome = match read {
            Ok(state) => self.take(&mut shared, state, observed_at, now),
            Err(_) => Outcome::Failed,
        };
        let first_good = shared.last_good.is_none();
        note(&mut shared, outcome, took, bytes, now);
        self.poller.finish(outcome, self.hub.jitter(), now);
        let refreshed = self.refresh(&mut shared, now);
        drop(shared);
        // A first failure is news too, to those who wait for the first poll.
        if refreshed || first_good || outcome == Outcome::Changed {
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
        observed_at: prost_types::Timestamp,
        now: Instant,
    ) -> Outcome {
        let params = self.hub.params();
        match (&mut shared.log, state) {
            (Some(log), None) => {
                log.confirm(observed_at);
                Outcome::Unchanged
            }
            (Some(log), Some(state)) => {
                let suspicious = state.calls.rows().is_empty() && log.call_count() >= params.confirm_empty;
                if suspicious && !self.unconfirmed {
                    self.unconfirmed = true;
                    return Outcome::Unconfirmed;
                }
                self.unconfirmed = false;
                if log.advance(state, observed_at, now) {
                    Outcome::Changed
                } else {
                    Outcome::Unchanged
                }
            }
            (log @ None, state) => {
                let (epoch, state) = (rand::random(), state.unwrap_or_default());
                let history =
                    History::begin(self.feed.hash, epoch, state, observed_at, now, params.history());
                *log = Some(Log::new(history, params));
                Outcome::Changed
            }
        }
    }

    fn failed(&mut self, error: &Error) {
        // Only the very next poll confirms.
        if std::mem::take(&mut self.unconfirmed) {
            self.observer.forget();
        }
        let kind = error.kind();
        if self.feed.lock().polls.last_error.replace(kind) == Some(kind) {
            debug!(error.r#type = kind.error_type(), error = %Chain(error), "a poll failed again");
        } else {
            warn!(error.r#type = kind.error_type(), error = %Chain(error), "a poll failed");
        }
        self.last_error = Some((self.hub.explain())(&NotLive::Failed(PollFailure::from(error))));
    }

    /// Tells of the freshness, if it has changed by now.
    fn refresh(&mut self, shared: &mut Shared, at: Instant) -> bool {
        let last_good = shared.last_good;
        // Asked first, log or not: the poller wakes for a transition until it is taken note of.
        let Some(freshness) = self.poller.refresh(at) else {
            return false;
        };
        let Some(log) = &mut shared.log else { return false };
        let next_poll_in = self.poller.next().map(|next| next.saturating_duration_since(at));
        let told = FeedState {
            since: Some(timestamp()),
            last_good_at: last_good.map(|good| (SystemTime::now() - at.duration_since(good)).into()),
            cause: self.last_error.clone().filter(|_| freshness != Freshness::Live),
            next_poll_in: next_poll_in.and_then(|wait| prost_types::Duration::try_from(wait).ok()),
        };
        log.set_freshness(freshness, told);
        info!(
            freshness = freshness_name(freshness),
            "the freshness of a feed changed"
        );
        true
    }
}

/// Notes for people how a poll ended.
fn note(shared: &mut Shared, outcome: Outcome, took: Duration, bytes: usize, now: Instant) {
    let Shared { last_good, polls, .. } = shared;
    polls.count += 1;
    polls.last_ended = Some(now);
    polls.last_duration = took;
    match outcome {
        Outcome::Failed => polls.failures_in_a_row += 1,
        Outcome::Changed | Outcome::Unchanged | Outcome::Unconfirmed => {
            polls.failures_in_a_row = 0;
            polls.last_error = None;
            polls.last_bytes = bytes;
        }
    }
    if matches!(outcome, Outcome::Changed | Outcome::Unchanged) {
        *last_good = Some(now);
    }
}

/// The end of the poll under way; never, if there is none.
async fn finished(poll: &mut Option<Poll>) -> (Result<Bytes, Error>, Duration) {
    match poll {
        Some(poll) => poll.await,
        None => std::future::pending().await,
    }
}
