//! What holds a turn, and for how long. Time is paused.

use std::future::ready;
use std::sync::mpsc::channel;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};
use tonic_types::pb;
use tower::service_fn;

use super::*;
use crate::upstream::client::Params as ClientParams;
use crate::upstream::value::Id;
use crate::upstream::{Exchange, Lane, License, Transport};
use crate::watch::Params;
use crate::watch::budget::{Account, Budget};
use crate::watch::feed_key::FeedKey;

/// An upstream whose answers are all large.
fn client() -> Client {
    let body = Bytes::from(vec![b'x'; 1 << 20]);
    let http = service_fn(move |_: Exchange| {
        let mut answer = Response::new(body.clone());
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/csv"));
        ready(Ok(answer))
    });
    let base = "http://porta".parse().expect("a URL");
    Client::over(http, base, Transport::Routes, &ClientParams::default())
}

fn feed(i_customer: i64, params: &Params) -> Feed {
    let key = FeedKey {
        license: License::parse("main", "secret", Transport::Routes).expect("a licence"),
        i_customer: Id::parse(i_customer).expect("an id"),
        products: None,
    };
    let account = Account::new(Arc::new(Budget::new(params.memory)));
    Feed::new(key, None, params, account)
}

#[tokio::test(start_paused = true)]
async fn a_poll_whose_answer_waits_to_be_read_leaves_its_turn_to_a_quick_one() {
    let params = Params {
        concurrent_polls: 1,
        ..Params::default()
    };
    let client = client();
    let polling = Arc::new(Polling::new(
        Arc::new(Registry::new(
            params.clone(),
            &crate::telemetry::metrics::nowhere(),
        )),
        client.clone(),
        Readiness::default(),
        TimeZone::UTC,
        |_| pb::Status::default(),
        CancellationToken::new(),
    ));
    // Whoever has a large answer waits for two that are not read to their end.
    let large = feed(1, &params);
    let (context, query) = (
        Context::of_gateway(large.key.license.clone(), Lane::Poll),
        large.key.operation(),
    );
    let mut reads = Vec::new();
    for _ in 0..2 {
        let received = client.poll(&context, &query).await.expect("an answer");
        let (end, ended) = channel::<()>();
        let read = client.read(received, move |_| Ok(ended.recv().is_err()));
        let mut read = task::spawn(Box::pin(read));
        assert_pending!(read.poll());
        reads.push((end, read));
    }

    let mut first = polling.start(&large, Box::new(|_| Ok(None)));
    assert!(first.is_asking());
    let mut first = task::spawn(first.progress());
    assert_pending!(first.poll());
    let mut second = polling.start(&feed(2, &params), Box::new(|_| Ok(None)));
    assert!(!second.is_asking(), "there is one turn");
    advance(params.slow_after()).await;
    assert_pending!(first.poll());
    let progress = assert_ready!(task::spawn(second.progress()).poll());
    assert!(matches!(progress, Progress::Turn(_)), "{progress:?}");
    drop(reads);
    let progress = first.await;
    assert!(matches!(progress, Progress::Answer(_)), "{progress:?}");
}
