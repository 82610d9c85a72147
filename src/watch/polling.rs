//! A poll on its way, and what all polls share: the client, and the turns that they take.
//!
//! ```text
//!   Idle ── due, no turn is free ──▶ Queued ── its turn ──▶ Asking ── the answer ──▶ Idle
//!     └──── due, a turn is free ─────────────────────────────▲
//! ```

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use prost_types::Timestamp;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::end::Explain;
use super::feed::Feed;
use super::history::State;
use super::registry::Registry;
use super::turns::{Place, Turn, Turns};
use crate::convert::now;
use crate::lifecycle::{Asked, Readiness};
use crate::upstream::{Client, Context, Error, Lane, Received};

/// What the owners of all feeds poll with.
#[derive(Debug)]
pub(super) struct Polling {
    pub(super) registry: Arc<Registry>,
    client: Client,
    readiness: Readiness,
    pub(super) zone: TimeZone,
    pub(super) explain: Explain,
    /// Polls of all feeds take turns, so that they do not starve the calls.
    turns: Arc<Turns>,
    pub(super) draining: CancellationToken,
}

/// The poll of one feed.
pub(super) enum Poll {
    /// There is none.
    Idle,
    /// It waits for its turn: nothing has been sent.
    Queued(Place),
    /// It has its turn, and the upstream is asked.
    Asking(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

/// How a poll ended.
#[derive(Debug)]
pub(super) struct Answer {
    /// What it shows; `None` for what the last good one showed.
    pub(super) state: Result<Option<State>, Error>,
    /// How large it is.
    pub(super) bytes: usize,
    /// When it came: reading it may take its time.
    pub(super) observed_at: Timestamp,
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

/// What reads the body of an answer, for [`Answer::state`].
pub(super) type Reader = Box<dyn FnOnce(Bytes) -> Result<Option<State>, Error> + Send>;

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
            turns: Arc::new(Turns::new(registry.params.concurrent_polls)),
            registry,
            client,
            readiness,
            zone,
            explain,
            draining,
        }
    }

    /// Polls `feed` at once if a turn is free, and queues for one if not.
    pub(super) fn start(self: &Arc<Self>, feed: &Feed, reader: Reader) -> Poll {
        let mut place = self.turns.line_up(feed.key.customer());
        match place.at_once() {
            Some(turn) => self.ask(feed, turn, reader),
            None => Poll::Queued(place),
        }
    }

    /// Polls `feed`, whose turn it is, and has `reader` read the answer.
    pub(super) fn ask(self: &Arc<Self>, feed: &Feed, mut turn: Turn, reader: Reader) -> Poll {
        let polling = self.clone();
        let context = Context::of_gateway(feed.key.license.clone(), Lane::Poll);
        let operation = feed.key.operation();
        let call = Asked::now(&self.readiness, feed.key.i_customer);
        Poll::Asking(Box::pin(async move {
            let started = Instant::now();
            let answer = async {
                let result = call.wait(polling.client.poll(&context, &operation)).await;
                let took = started.elapsed();
                let observed_at = now();
                let bytes = result.as_ref().map_or(0, Received::bytes);
                // With the turn still held: it bounds how many bodies wait to be read.
                let state = match result {
                    Ok(received) => polling.client.read(received, reader).await,
                    Err(error) => Err(error),
                };
                call.end(&state);
                Answer {
                    state,
                    bytes,
                    observed_at,
                    took,
                }
            };
            let mut answer = pin!(answer);
            let slow_after = polling.registry.params.slow_after();
            // Large bodies wait for each other to be read: small feeds are not to wait for that, either.
            let answer = if let Ok(answer) = timeout(slow_after, &mut answer).await {
                answer
            } else {
                turn.note(true);
                answer.await
            };
            // An answer that was only somewhat slow is no reason to put its customer among those who hang.
            turn.note(started.elapsed() >= 2 * slow_after);
            answer
        }))
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

#[cfg(test)]
mod tests;
