//! The way into the watch: opens watches, starts the owners of their feeds, and ends them all.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use jiff::tz::TimeZone;
use opentelemetry::metrics::Meter;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::cursor::Cursor;
use super::end::{End, Explain, PollFailure};
use super::feed::FeedInfo;
use super::feed_key::FeedKey;
use super::gauges;
use super::history::OtherFeed;
use super::owner;
use super::params::Params;
use super::polling::Polling;
use super::registry::{Registry, Seat};
use super::relief;
use super::watcher::{Options, Watcher};
use crate::lifecycle::{Readiness, Stream};
use crate::upstream::Client;

/// The watch of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Hub {
    registry: Arc<Registry>,
    polling: Arc<Polling>,
    owners: TaskTracker,
    draining: CancellationToken,
}

impl Hub {
    /// A hub without feeds, polling through `client` and reading zone-less times in `zone`. `explain` makes the message that
    /// tells watchers why a state is not live. What becomes of feeds and watchers is counted by `meter`. It is within its
    /// memory only as long as [`keep_within_memory`](Self::keep_within_memory) runs.
    #[must_use]
    pub fn new(
        client: Client,
        readiness: Readiness,
        zone: TimeZone,
        params: Params,
        explain: Explain,
        meter: &Meter,
    ) -> Self {
        let draining = CancellationToken::new();
        let registry = Arc::new(Registry::new(params, meter));
        gauges::show(&registry, meter);
        let polling = Polling::new(
            registry.clone(),
            client,
            readiness,
            zone,
            explain,
            draining.clone(),
        );
        Self {
            registry,
            polling: Arc::new(polling),
            owners: TaskTracker::new(),
            draining,
        }
    }

    /// Keeps the watch within its memory until it drains. For a task that is missed when it ends: it never does.
    pub fn keep_within_memory(&self) -> impl Future<Output = Infallible> + Send + use<> {
        let relieved = relief::run(self.registry.clone(), self.draining.clone());
        async move {
            relieved.await;
            pending().await
        }
    }

    /// Opens a watch, once there is a first good poll.
    ///
    /// # Errors
    ///
    /// [`End`]; [`End::NoPoll`] if there is no good poll within the deadline or the time to open.
    pub async fn watch(&self, key: FeedKey, options: Options) -> Result<Watcher, End> {
        let connection = Stream::current().map(|stream| stream.connection());
        let start = |feed| drop(self.owners.spawn(owner::run(self.polling.clone(), feed)));
        let seat = self.registry.enter(key, connection, start).map_err(End::Quota)?;
        let until = Instant::now() + seat.params().open_timeout;
        let until = options.deadline.map_or(until, |deadline| deadline.min(until));
        let opened = timeout_at(until, self.opened(&seat, until)).await;
        opened.unwrap_or_else(|_| Err(no_poll(&seat)))?;
        {
            let mut shared = seat.feed.lock();
            let Some((log, place)) = shared.log_and_place(seat.place) else {
                drop(shared);
                return Err(no_poll(&seat));
            };
            let cursor = Cursor::start(log, &options.resume_token).map_err(|OtherFeed| End::OtherFeed)?;
            place.open(cursor, Stream::current());
        }
        Ok(Watcher::new(seat, &options))
    }

    /// Completes with the first good poll, or when it is clear that there will be none, or none before `until`.
    async fn opened(&self, seat: &Seat, until: Instant) -> Result<(), End> {
        loop {
            let changed = seat.feed.changed.notified();
            {
                let shared = seat.feed.lock();
                if let Some(end) = shared.closed {
                    return Err(end);
                }
                if self.draining.is_cancelled() {
                    return Err(End::Draining);
                }
                if shared.log.is_some() {
                    return Ok(());
                }
                let failure = shared.poller.last_failure();
                if let Some(failure) = failure.filter(PollFailure::refuses_query) {
                    return Err(End::Query(failure.kind));
                }
                let is_later = shared.poller.next().is_some_and(|next| next >= until);
                if let Some(failure) = failure.filter(|failure| failure.was_not_asked() && is_later) {
                    return Err(End::NoPoll(Some(failure.kind)));
                }
            }
            changed.await;
        }
    }

    /// The feeds as the operator sees them, by customer.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedInfo> {
        self.registry.infos()
    }

    /// Stops the polls and has every stream say goodbye; completes when the feeds have ended.
    pub async fn drain(&self) {
        self.draining.cancel();
        self.owners.close();
        self.owners.wait().await;
    }

    /// Begins to drain when the guard is dropped: owners hold all that they need, and would otherwise go on without
    /// the hub.
    #[must_use]
    pub fn drain_on_drop(&self) -> DropGuard {
        self.draining.clone().drop_guard()
    }
}

fn no_poll(seat: &Seat) -> End {
    let failure = seat.feed.lock().poller.last_failure();
    End::NoPoll(failure.map(|failure| failure.kind))
}
