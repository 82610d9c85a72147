//! What the owner makes of the answer to a poll.

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use tonic_types::pb;
use tower::service_fn;

use super::*;
use crate::lifecycle::Readiness;
use crate::upstream::client::Params as ClientParams;
use crate::upstream::value::{Id, StandIn as _};
use crate::upstream::{Client, Exchange, License, Transport};
use crate::watch::budget::{Account, Budget};
use crate::watch::feed_key::FeedKey;

fn owner() -> Owner {
    let params = Params::default();
    let hangs = service_fn(|_: Exchange| pending::<Result<Response<Bytes>, Error>>());
    let base = "http://porta".parse().expect("a URL");
    let client = Client::over(hangs, base, Transport::Routes, &ClientParams::default());
    let key = FeedKey {
        license: License::parse("main", "secret", Transport::Routes).expect("a licence"),
        i_customer: Id::stand_in(),
        products: None,
    };
    let account = Account::new(Arc::new(Budget::new(params.memory)));
    let feed = Feed::new(key, None, &params, account);
    let polling = Polling::new(
        Arc::new(Registry::new(params, &crate::telemetry::metrics::nowhere())),
        client,
        Readiness::default(),
        TimeZone::UTC,
        |_| pb::Status::default(),
        CancellationToken::new(),
    );
    Owner::new(Arc::new(polling), Arc::new(feed))
}

fn answer(state: Option<State>) -> Answer {
    Answer {
        state: Ok(state),
        bytes: 0,
        observed_at: wall_clock(),
        took: Duration::ZERO,
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_without_a_state_does_not_open_with_an_empty_one_when_nothing_has_changed() {
    let mut owner = owner();
    let feed = owner.feed.clone();
    owner.finish(answer(None));
    assert!(feed.lock().log.is_none());
    let wake = feed.lock().poller.wake();
    assert!(wake.is_some(), "it is asked again");
    owner.finish(answer(Some(State::default())));
    assert!(feed.lock().log.is_some(), "an empty state that was read is one");
}
