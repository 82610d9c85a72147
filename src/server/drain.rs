//! The way to stop, step by step.
//!
//! ```text
//!   request        not ready ─ drain delay ─▶ connections refused, goodbyes ─ drain timeout ─▶ cut ─ flush ─▶ the end
//!   once more               └───────────────────────────────────────────────┴──▶ no more waiting
//! ```
//!
//! What is cut is answered first: a change with "outcome unknown", as it may have been made. Only then do connections go. So
//! it is, without the waiting, when a task of the gateway fails.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::error::Error;
use super::tasks::Tasks;
use crate::dispatch::{CutOff, Dispatcher};
use crate::lifecycle::{Readiness, Shutdown};
use crate::watch::Hub;

/// How long the answers of calls that are cut off may take to be written. A client that does not read has no claim to more.
const FLUSH: Duration = Duration::from_secs(1);

/// What is told that the gateway stops, and how long is waited.
#[derive(Debug)]
pub(super) struct Drain {
    pub(super) readiness: Readiness,
    /// Refuses connections when it is cancelled.
    pub(super) refuse: CancellationToken,
    pub(super) hub: Hub,
    pub(super) dispatcher: Dispatcher,
    pub(super) delay: Duration,
    pub(super) timeout: Duration,
}

impl Drain {
    /// Lets `serving` run until `shutdown` is requested or one of `tasks` ends, then goes through the steps. `serving`
    /// completes early when its last call has ended after it was told to refuse connections.
    pub(super) async fn after(
        self,
        serving: impl Future<Output = Result<(), Error>>,
        tasks: &mut Tasks,
        shutdown: &Shutdown,
    ) -> Result<(), Error> {
        let mut serving = pin!(serving);
        let ended = tokio::select! {
            served = &mut serving => return served,
            () = self.wait(shutdown) => Ok(()),
            ended = tasks.ended() => Err(ended),
        };
        self.cut(serving).await;
        ended
    }

    /// From the request to stop until there is no more time for calls in flight.
    async fn wait(&self, shutdown: &Shutdown) {
        shutdown.requested().await;
        info!("stopping: no new calls are wanted");
        self.readiness.drain();
        unless_urgent(sleep(self.delay), shutdown).await;
        self.refuse.cancel();
        let goodbyes = async { tokio::join!(self.hub.drain(), sleep(self.timeout)) };
        unless_urgent(goodbyes, shutdown).await;
    }

    /// Answers what is in flight, and says how much it was.
    async fn cut(&self, serving: impl Future<Output = Result<(), Error>>) {
        self.refuse.cancel();
        self.dispatcher.cut();
        if timeout(FLUSH, serving).await.is_err() {
            warn!("connections are closed that were not done with");
        }
        let CutOff { changes, reads } = self.dispatcher.cut_off();
        if changes + reads > 0 {
            warn!(
                changes,
                reads, "stopped with calls in flight: their callers were told"
            );
        }
    }
}

/// Waits for `event`, or until the second request to stop. `event` is begun in any case.
async fn unless_urgent(event: impl Future, shutdown: &Shutdown) {
    tokio::select! {
        biased;
        _ = event => {}
        () = shutdown.requested_again() => {}
    }
}
