//! Asks whether the upstream is there, when no call has shown it lately.

use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

use crate::lifecycle::{Readiness, State};
use crate::telemetry::Chain;
use crate::upstream::Client;

/// How often to ask while the upstream does not answer.
const EVERY: Duration = Duration::from_secs(1);

/// How long an answer holds.
const HOLDS: Duration = Duration::from_secs(10);

/// Keeps `readiness` true to the upstream: asks once a second until it answers, then only when nothing has been answered
/// for ten seconds. Any HTTP answer counts. Each change is logged once, with its reason. Ends when the gateway stops.
pub async fn watch_upstream(client: Client, readiness: Readiness) {
    while readiness.state() != State::Draining {
        let before = readiness.state();
        match client.probe().await {
            Ok(()) => {
                readiness.answered();
                if before != State::Ready {
                    info!("ready: the upstream answers");
                }
            }
            Err(error) => {
                let why = error.kind().error_type();
                readiness.unanswered(why);
                if before != State::NotReady(why) {
                    warn!(error.r#type = why, error = %Chain(&error), "not ready: the upstream does not answer");
                }
            }
        }
        sleep(EVERY).await;
        while readiness.state() == State::Ready && readiness.silence() < HOLDS {
            sleep(HOLDS.saturating_sub(readiness.silence())).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{License, Transport, client};

    #[tokio::test]
    async fn nothing_is_asked_once_the_gateway_stops() {
        let base = "http://127.0.0.1:9".parse().expect("a URL");
        let license = License::parse("LIC", Transport::Routes).expect("a licence");
        let client = Client::new(base, Transport::Routes, license, client::Params::default());
        let readiness = Readiness::default();
        readiness.drain();
        let watched = watch_upstream(client.expect("a client"), readiness);
        let ended = tokio::time::timeout(Duration::from_secs(5), watched).await;
        ended.expect("it ends");
    }
}
