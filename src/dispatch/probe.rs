//! Asks whether the upstream is there, unless a call has shown it lately.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::lifecycle::{Readiness, State};
use crate::telemetry::Chain;
use crate::upstream::Client;

/// How often to ask while the upstream does not answer.
const EVERY: Duration = Duration::from_secs(1);

/// How long an answer is waited for: longer than connecting may take, so that each failure has one name, and short, as
/// the probe must not be the last to notice that nobody answers.
const LIMIT: Duration = Duration::from_secs(4);

/// For how long after an answer nothing is asked.
const HOLDS: Duration = Duration::from_secs(10);

/// Keeps `readiness` in step with the upstream: asks once a second until it answers, then only when nothing has been
/// answered for ten seconds. Any HTTP answer counts. Each change is logged once, with its reason. Never ends; once the
/// gateway stops it asks nothing.
pub async fn watch_upstream(client: Client, readiness: Readiness) -> Infallible {
    while readiness.state() != State::Draining {
        ask(&client, &readiness).await;
        sleep(EVERY).await;
        while readiness.state() == State::Ready && readiness.silence() < HOLDS {
            sleep(HOLDS.saturating_sub(readiness.silence())).await;
        }
    }
    pending().await
}

async fn ask(client: &Client, readiness: &Readiness) {
    let asked = Instant::now();
    match client.probe(LIMIT).await {
        Ok(()) => readiness.answered(),
        Err(error) => {
            let why = error.kind().error_type();
            if readiness.unanswered(why, asked) {
                warn!(error.r#type = why, error = %Chain(&error), "not ready: the upstream does not answer");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http::Response;
    use tokio::time::timeout;
    use tower::service_fn;

    use super::*;
    use crate::upstream::client::Params;
    use crate::upstream::{Exchange, Transport};

    /// The probe of an upstream that answers at first and hangs after so many answers, and how often it was asked.
    fn hanging_after(
        answers: usize,
        readiness: &Readiness,
    ) -> (impl Future<Output = Infallible>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let http = service_fn(move |_: Exchange| {
            let before = count.fetch_add(1, Ordering::Relaxed);
            async move {
                if before >= answers {
                    pending::<()>().await;
                }
                Ok(Response::new(Bytes::new()))
            }
        });
        let base = "http://porta".parse().expect("a URL");
        let client = Client::over(http, base, Transport::Routes, &Params::default());
        (watch_upstream(client, readiness.clone()), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_asked_once_the_gateway_stops_and_the_task_goes_on() {
        let readiness = Readiness::default();
        readiness.drain();
        let (watched, asked) = hanging_after(0, &readiness);
        assert!(timeout(Duration::from_secs(3600), watched).await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_hangs_is_noticed_within_15_seconds() {
        let readiness = Readiness::default();
        let (watched, _) = hanging_after(1, &readiness);
        let mut states = readiness.subscribe();
        let started = Instant::now();
        tokio::select! {
            never = watched => match never {},
            state = states.wait_for(|state| *state == State::NotReady("elapsed")) => {
                state.expect("the readiness is there");
            }
        }
        assert!(
            started.elapsed() <= Duration::from_secs(15),
            "{:?}",
            started.elapsed()
        );
    }
}
