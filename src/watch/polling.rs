//! A poll on its way, and what all polls share: the client, and the turns that they take.
//!
//! ```text
//!   Idle ── due, no turn is free ──▶ Queued ── its turn ──▶ Asking ── the answer ──▶ Idle
//!     └──── due, a turn is free ─────────────────────────────▲
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::end::Explain;
use super::feed::Feed;
use super::registry::Registry;
use crate::lifecycle::Readiness;
use crate::upstream::{Client, Context, Error};

/// What the owners of all feeds poll with.
#[derive(Debug)]
pub(super) struct Polling {
    pub(super) registry: Arc<Registry>,
    client: Client,
    pub(super) readiness: Readiness,
    pub(super) zone: TimeZone,
    pub(super) explain: Explain,
    /// Polls of all feeds take turns, so that they do not starve the calls.
    turns: Arc<Semaphore>,
    pub(super) draining: CancellationToken,
}

/// The poll of one feed.
pub(super) enum Poll {
    /// There is none.
    Idle,
    /// It waits for its turn: nothing has been sent.
    Queued(Later<Turn>),
    /// It has its turn, and the upstream is asked.
    Asking(Later<Answer>),
}

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The right to ask the upstream, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// How a poll ended.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) answer: Result<Bytes, Error>,
    /// How long the upstream took. The wait for a turn is not its time.
    pub(super) took: Duration,
}

/// What a poll has come to.
#[derive(Debug)]
pub(super) enum Progress {
    /// It has its turn, and can be [asked](Polling::ask).
    Turn(Turn),
    /// It has ended.
    Answer(Answer),
}

// === impl Polling ===

impl Polling {
    pub(super) fn new(
        registry: Arc<Registry>,
        client: Client,
        readiness: Readiness,
        zone: TimeZone,
        explain: Explain,
        draining: CancellationToken,
    ) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(registry.params.concurrent_polls)),
            registry,
            client,
            readiness,
            zone,
            explain,
            draining,
        }
    }

    /// Polls `feed` at once if a turn is free, and queues for one if not.
    pub(super) fn start(self: &Arc<Self>, feed: &Feed) -> Poll {
        // None is free while anybody is queued: a turn that is given back goes to the next in the queue.
        match self.turns.clone().try_acquire_owned() {
            Ok(permit) => self.ask(feed, Turn { _permit: permit }),
            Err(_) => Poll::Queued(Box::pin(turn(self.turns.clone()))),
        }
    }

    /// Polls `feed`, whose turn it is.
    pub(super) fn ask(self: &Arc<Self>, feed: &Feed, turn: Turn) -> Poll {
        let polling = self.clone();
        let context = Context::of_gateway(feed.key.license.clone());
        let operation = feed.key.operation();
        Poll::Asking(Box::pin(async move {
            let _turn = turn;
            let started = Instant::now();
            let answer = polling.client.poll(&context, &operation).await;
            let took = started.elapsed();
            Answer { answer, took }
        }))
    }
}

async fn turn(turns: Arc<Semaphore>) -> Turn {
    let permit = turns.acquire_owned().await;
    Turn {
        _permit: permit.expect("the semaphore is never closed"),
    }
}

// === impl Poll ===

impl Poll {
    /// Whether the upstream is asked.
    pub(super) fn is_asking(&self) -> bool {
        matches!(self, Self::Asking(_))
    }

    /// What the poll comes to next; never, if there is none. Once it has come to something, it is to be replaced.
    ///
    /// # Cancellation
    ///
    /// Safe: a queued poll keeps its place, and one that asks goes on.
    pub(super) async fn progress(&mut self) -> Progress {
        match self {
            Self::Idle => std::future::pending().await,
            Self::Queued(turn) => Progress::Turn(turn.await),
            Self::Asking(answer) => Progress::Answer(answer.await),
        }
    }
}
