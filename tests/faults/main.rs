//! Faults of the upstream on real sockets, one table: the status, the requests, the feed, the readiness.
//!
//! Each row has an upstream of its own and two gateways, one for calls and one for a watch: polls must not open the breaker
//! for the calls that are counted. All rows are tried at the same time.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

mod rows;
#[allow(
    dead_code,
    unused_imports,
    reason = "it is what all tests of the gateway start from"
)]
#[path = "../support/support.rs"]
mod support;
mod upstream;

use std::fmt::Debug;
use std::time::Duration;

use portico::proto::v1::{
    ActiveCallsRequest, ActiveCallsResponse, AddExtensionRequest, Freshness, GetFilteringDataRequest,
};
use portico::upstream::{Transport, client};
use tokio::task::JoinSet;
use tonic::{Code, Status, Streaming};

use self::rows::{Feed, Row, rows};
use self::support::{Gateway, Setup, reason, single, soon};
use self::upstream::Upstream;

const SECOND: Duration = Duration::from_secs(1);

/// The read, the change, and anything.
const FILTERING: &str = "/GetFilteringData/";
const ADD: &str = "/AddCustomerExtension/";
const ALL: &str = "/";

/// How long a call may take. No client has a timer of its own, which could go off before the gateway's answer is there.
const DEADLINE: Duration = Duration::from_secs(3);

/// Hasty settings, in the proportions of the real ones.
fn setup(params: client::Params) -> Setup {
    let mut setup = Setup::from(Transport::Routes);
    setup.client = params;
    setup.default_deadline = DEADLINE;
    setup.client.timeout = SECOND / 2;
    setup.client.http.connect_timeout = SECOND / 5;
    setup.client.stack.breaker.pause = SECOND * 4;
    setup.client.stack.breaker.max_pause = SECOND * 4;
    setup.server.readiness.lasts = SECOND * 3 / 2;
    setup.server.readiness.hangs = SECOND * 2;
    setup.server.readiness.patience = SECOND / 5;
    setup.server.readiness.cool_down = SECOND * 5;
    setup.server.watch.interval = SECOND / 20;
    setup.server.watch.stale_after = SECOND * 3;
    setup.server.watch.down_after = SECOND * 4;
    setup
}

/// What a call ends with, and how many requests the upstream has seen since.
fn heard<T: Debug>(name: &str, answer: Result<T, Status>, upstream: &Upstream) -> (Code, String, usize) {
    let status = answer.expect_err(name);
    (status.code(), reason(&status), upstream.calls())
}

fn as_told(heard: &(Code, String, usize)) -> (Code, &str, usize) {
    (heard.0, &heard.1, heard.2)
}

fn add(number: &str) -> AddExtensionRequest {
    AddExtensionRequest {
        i_customer: 3,
        name: "Sales".to_owned(),
        id: number.to_owned(),
        i_account: 0,
        request_id: String::new(),
    }
}

/// The calls of a row: a read, an add that is not made, and one that is.
async fn calls(row: &Row) {
    let mut upstream = Upstream::start().await;
    let mut params = single();
    params.stack.retry.attempts = 3;
    let gateway = Gateway::serving(&format!("http://{}", upstream.address), setup(params)).await;
    let mut client = gateway.client().await;
    let name = row.name;

    upstream.fails(&row.fault, FILTERING, false).await;
    upstream.calls();
    let read = client.get_filtering_data(GetFilteringDataRequest { i_customer: 1 });
    let read = heard(name, read.await, &upstream);
    assert_eq!(as_told(&read), row.read, "a read: {name}");

    upstream.fails(&row.fault, ADD, false).await;
    upstream.calls();
    let answer = client.add_extension(add("201")).await;
    assert_eq!(
        as_told(&heard(name, answer, &upstream)),
        row.change,
        "a change: {name}"
    );
    assert_eq!(upstream.added("201"), 0, "{name}");

    if row.is_settled {
        upstream.fails(&row.fault, ADD, true).await;
        let made = client.add_extension(add("202")).await;
        made.unwrap_or_else(|status| panic!("it is made: {name}: {status:?}"));
        assert_eq!(upstream.added("202"), 1, "once: {name}");
    }
}

async fn next(stream: &mut Streaming<ActiveCallsResponse>) -> ActiveCallsResponse {
    let event = soon("an event", stream.message()).await;
    event.expect("the stream goes on").expect("it does not end")
}

/// The watch of a row, and what `/readyz` says of it.
async fn watch(row: &Row) {
    let mut upstream = Upstream::start().await;
    let params = client::Params::default();
    let gateway = Gateway::serving(&format!("http://{}", upstream.address), setup(params)).await;
    let mut client = gateway.client().await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let stream = soon("a first poll", client.active_calls(request)).await;
    let mut stream = stream.expect("it opens").into_inner();
    assert_eq!(next(&mut stream).await.freshness(), Freshness::Live);

    upstream.fails(&row.fault, ALL, false).await;
    upstream.calls();
    let name = row.name;
    if row.feed == Feed::Live {
        upstream.called(20).await;
        let (_, feeds) = gateway.page("/feeds").await;
        assert!(feeds.contains(r#""freshness":"LIVE""#), "{name}: {feeds}");
    } else {
        let first = changed(&mut stream, Freshness::Live).await;
        let expected = if row.feed == Feed::Down {
            Freshness::Down
        } else {
            Freshness::Stale
        };
        assert_eq!(first, expected, "{name}");
        if first == Freshness::Stale {
            assert_eq!(changed(&mut stream, first).await, Freshness::Down, "{name}");
        }
    }
    // `ready`, or what the upstream does.
    let is_told = |text: &str| text.trim() == row.ready || text.contains(&format!("({})", row.ready));
    let ready = async {
        loop {
            let (_, text) = gateway.page("/readyz").await;
            if is_told(&text) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(10 * SECOND, ready).await.is_err() {
        let (_, text) = gateway.page("/readyz").await;
        panic!("{name}: {text}, and not {}", row.ready);
    }

    upstream.recovers().await;
    if row.feed != Feed::Live {
        assert_eq!(
            changed(&mut stream, Freshness::Down).await,
            Freshness::Live,
            "{name}"
        );
    }
}

/// What the freshness is when it is not this any more.
async fn changed(stream: &mut Streaming<ActiveCallsResponse>, from: Freshness) -> Freshness {
    loop {
        let freshness = next(stream).await.freshness();
        if freshness != from {
            return freshness;
        }
    }
}

/// There is no time at which it was well, so it has no row.
#[tokio::test]
async fn an_upstream_that_does_not_speak_tls_serves_nothing() {
    let upstream = Upstream::start().await;
    let mut params = single();
    params.stack.retry.attempts = 3;
    let gateway = Gateway::start(&format!("https://{}", upstream.address), setup(params)).await;
    let mut client = gateway.client().await;
    let read = client.get_filtering_data(GetFilteringDataRequest { i_customer: 1 });
    let exhausted = (Code::Unavailable, "ATTEMPTS_EXHAUSTED", 0);
    assert_eq!(as_told(&heard("a read", read.await, &upstream)), exhausted);
    let change = client.add_extension(add("201")).await;
    assert_eq!(as_told(&heard("a change", change, &upstream)), exhausted);
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let unopened = (Code::Unavailable, "WATCH_NO_POLL", 0);
    assert_eq!(
        as_told(&heard("a watch", client.active_calls(request).await, &upstream)),
        unopened
    );
    let (_, text) = gateway.page("/readyz").await;
    assert!(text.contains("(unreachable)"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_has_its_row() {
    let mut tasks = JoinSet::new();
    for row in rows() {
        let of_watch = row.clone();
        tasks.spawn(async move { calls(&row).await });
        tasks.spawn(async move { watch(&of_watch).await });
    }
    let mut wrong = 0;
    while let Some(ended) = tasks.join_next().await {
        wrong += usize::from(ended.is_err());
    }
    assert_eq!(wrong, 0, "rows are wrong");
}
