//! Asks for the service's published page, unless a call has shown lately that the upstream serves.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use crate::lifecycle::{Readiness, State};
use crate::telemetry::Chain;
use crate::upstream::Client;

/// How often to ask while the gateway is not ready.
const EVERY: Duration = Duration::from_secs(1);

/// How long an answer is waited for: longer than connecting may take, so that each failure has one name, and short, as
/// the probe must not be the last to notice that nobody answers.
const LIMIT: Duration = Duration::from_secs(4);

/// For how long after an answer nothing is asked.
const HOLDS: Duration = Duration::from_secs(10);

/// Keeps `readiness` in step with the upstream: asks once a second until the page comes, then only when nothing has been
/// answered for ten seconds. Only the service's own page counts. Each change is logged once, with its reason. Never ends;
/// once the gateway stops it asks nothing.
pub async fn watch_upstream(client: Client, readiness: Readiness) -> Infallible {
    let mut states = readiness.subscribe();
    while readiness.state() != State::Draining {
        ask(&client, &readiness).await;
        sleep(EVERY).await;
        while readiness.state() == State::Ready && readiness.silence() < HOLDS {
            let rest = HOLDS.saturating_sub(readiness.silence());
            // Whatever turns it, the page is what brings it back.
            let _ = timeout(rest, states.wait_for(|state| *state != State::Ready)).await;
        }
    }
    pending().await
}

async fn ask(client: &Client, readiness: &Readiness) {
    let asked = Instant::now();
    match client.probe(LIMIT).await {
        Ok(()) => readiness.paged(),
        Err(absent) => {
            let why = absent.error_type();
            if readiness.not_paged(why, asked) {
                warn!(state = "not_ready", error.r#type = why, error = %Chain(&absent), "not ready: the upstream does not show its page");
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
                Ok(Response::new(Bytes::from_static(
                    b"POST /csv/reply/CustomerExtension",
                )))
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
