//! The way to stop, step by step.
//!
//! ```text
//!   request        not ready ─ drain delay ─▶ connections refused, goodbyes ─ drain timeout ─▶ cut ─ flush ─▶ the end
//!   once more               └───────────────────────────────────────────────┴──▶ no more waiting
//! ```
//!
//! What is cut is answered first: a change with "outcome unknown", as it may have been made. Only then do connections go. So
//! it is, without the waiting, when a task of the gateway fails.

use std::future::pending;
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
        let dispatcher = self.dispatcher.clone();
        // A change may outlast its caller, and so all connections.
        let serving = async {
            let served = serving.await;
            dispatcher.changes_ended().await;
            served
        };
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
        let goodbyes = async {
            self.hub.drain().await;
            pending::<()>().await;
        };
        unless_urgent(timeout(self.timeout, goodbyes), shutdown).await;
    }

    /// Answers what is in flight, and says how much it was.
    async fn cut(&self, serving: impl Future<Output = Result<(), Error>>) {
        // Done already, unless a task has failed.
        self.readiness.drain();
        self.refuse.cancel();
        self.dispatcher.cut();
        let goodbyes = async { tokio::join!(serving, self.hub.drain()) };
        if timeout(FLUSH, goodbyes).await.is_err() {
            warn!("connections are closed that were not done with");
        }
        let CutOff {
            changes,
            reads,
            unsent,
        } = self.dispatcher.cut_off();
        if changes + reads + unsent > 0 {
            warn!(
                changes,
                reads, unsent, "stopped with calls in flight: they were answered"
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;
    use jiff::tz::TimeZone;
    use tokio::time::Instant;
    use tower::service_fn;

    use super::*;
    use crate::caller::{Callers, Patience};
    use crate::dispatch::Change;
    use crate::status;
    use crate::telemetry::AskingTime;
    use crate::telemetry::metrics::nowhere;
    use crate::upstream::client::Params;
    use crate::upstream::operation::DeleteExtension;
    use crate::upstream::value::Id;
    use crate::upstream::{Client, Effect, Error as UpstreamError, Exchange, Kind, License, Transport};

    const DELAY: Duration = Duration::from_secs(5);
    const TIMEOUT: Duration = Duration::from_secs(20);

    /// A drain of a gateway whose upstream takes changes and never answers. It cannot say what there is.
    fn drain() -> Drain {
        let hang = service_fn(async |exchange: Exchange| match exchange.effect {
            Effect::Read => Err(UpstreamError::Empty),
            Effect::Add | Effect::Change => pending::<Result<Response<Bytes>, _>>().await,
        });
        let base = "http://porta".parse().expect("a URL");
        let params = Params {
            timeout: Duration::from_secs(3600),
            ..Params::default()
        };
        let client = Client::over(hang, base, Transport::Routes, &params);
        let readiness = Readiness::default();
        let watch = crate::watch::Params::default();
        let hub = Hub::new(
            client.clone(),
            readiness.clone(),
            TimeZone::UTC,
            watch,
            status::explain,
            &nowhere(),
        );
        Drain {
            dispatcher: Dispatcher::new(client, readiness.clone(), &nowhere()),
            readiness,
            refuse: CancellationToken::new(),
            hub,
            delay: DELAY,
            timeout: TIMEOUT,
        }
    }

    /// Serves one change; gives how it ended.
    async fn change(dispatcher: Dispatcher) -> Option<Kind> {
        let license = License::parse(License::DEFAULT_NAME, "x", Transport::Routes);
        let callers = Callers::with(license.expect("a licence")).waiting(Duration::from_secs(3600));
        let caller = callers.of(&http::HeaderMap::new(), Patience::Bounded, AskingTime::default());
        let id = |id| Id::parse(id).expect("an id");
        let operation = DeleteExtension {
            i_customer: id(1),
            i_c_ext: id(2),
        };
        let answer = dispatcher.change(&caller, Change::Delete(operation)).await;
        answer.err().map(|error| error.kind())
    }

    /// When the drain of a gateway with a change in flight is over, and how; the change has an unknown outcome.
    async fn drained(tasks: &mut Tasks, shutdown: &Shutdown) -> (Duration, Result<(), Error>) {
        let (started, drain) = (Instant::now(), drain());
        let serving = change(drain.dispatcher.clone());
        let mut ended = None;
        let serving = async {
            ended = serving.await;
            Ok(())
        };
        let served = Box::pin(drain.after(serving, tasks, shutdown)).await;
        assert_eq!(ended, Some(Kind::OutcomeUnknown));
        (started.elapsed(), served)
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_has_the_delay_and_the_timeout_to_end() {
        let shutdown = Shutdown::default();
        shutdown.request();
        let (after, served) = drained(&mut Tasks::default(), &shutdown).await;
        served.expect("it ends well");
        assert!(
            after >= DELAY + TIMEOUT && after < DELAY + TIMEOUT + FLUSH,
            "{after:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_whose_caller_has_left_has_as_long_and_is_counted() {
        let (started, drain) = (Instant::now(), drain());
        let dispatcher = drain.dispatcher.clone();
        let serving = async {
            let left = timeout(Duration::from_secs(1), change(dispatcher.clone())).await;
            left.expect_err("it has no answer");
            Ok(())
        };
        let shutdown = Shutdown::default();
        shutdown.request();
        let served = Box::pin(drain.after(serving, &mut Tasks::default(), &shutdown)).await;
        served.expect("it ends well");
        let after = started.elapsed();
        assert!(
            after >= DELAY + TIMEOUT && after < DELAY + TIMEOUT + FLUSH,
            "{after:?}"
        );
        assert_eq!(dispatcher.cut_off().changes, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_request_ends_each_of_the_waits() {
        for at in [Duration::ZERO, DELAY / 2, DELAY + TIMEOUT / 2] {
            let shutdown = Shutdown::default();
            shutdown.request();
            let again = async {
                sleep(at).await;
                shutdown.request();
            };
            let mut tasks = Tasks::default();
            let ((after, served), ()) = tokio::join!(drained(&mut tasks, &shutdown), again);
            served.expect("it ends well");
            assert!(after >= at && after < at + FLUSH, "{at:?}: {after:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_does_not_take_the_calls_in_flight_with_it() {
        let mut tasks = Tasks::default();
        tasks.spawn("the task", async { Ok(()) });
        let (_, served) = drained(&mut tasks, &Shutdown::default()).await;
        let error = served.expect_err("the task is missed");
        assert_eq!(error.to_string(), "the task has ended while the gateway runs");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_not_waited_for_longer_than_it_takes_to_read() {
        let shutdown = Shutdown::default();
        shutdown.request();
        let started = Instant::now();
        let served = drain().after(pending(), &mut Tasks::default(), &shutdown).await;
        served.expect("it ends well");
        let after = started.elapsed();
        assert!(after >= DELAY + TIMEOUT + FLUSH, "{after:?}");
        assert!(after < DELAY + TIMEOUT + FLUSH * 2, "{after:?}");
    }
}
