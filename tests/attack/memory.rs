//! Clients that open watches and read next to nothing of them: what they hold has a limit, and who reads does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{Method, Request};
use portico::codec::csv;
use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};
use portico::wire::{Answer, ExtensionStatus};
use prost::Message as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::{Status, Streaming};

use crate::support::{Gateway, PAGE, SERVICE, Setup, listener, reason, soon};

/// Room for the state, and for what a few of those hold who do not read.
const MEMORY: usize = 6 * 1024 * 1024;

/// How many come to hold a snapshot each: more than there is room for.
const READERS: usize = 24;

/// An upstream that shows 600 rows of half a kilobyte, all of them others each time.
async fn restless(tasks: &mut JoinSet<()>) -> String {
    let asked = Arc::new(AtomicUsize::new(0));
    let body = move || {
        let count = asked.fetch_add(1, Ordering::Relaxed);
        let row = |i_c_ext| ExtensionStatus {
            i_c_ext,
            note: Some(format!("{count:0500}")),
            ..ExtensionStatus::default()
        };
        let answer = Answer {
            calls: Some(Vec::new()),
            extension_statuses: Some((1..=600).map(row).collect()),
            ..Answer::default()
        };
        csv::one_to_vec(&answer, csv::Style::V3).expect("an answer can be written")
    };
    let routes = Router::new()
        .route("/csv/metadata", get(PAGE))
        .fallback(|| async move { ([("content-type", "text/csv")], body()) });
    let (listener, url) = listener().await;
    tasks.spawn(async { axum::serve(listener, routes).await.expect("it serves") });
    url
}

fn request() -> ActiveCallsRequest {
    ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    }
}

/// A connection whose streams have a window of 64 KiB each.
async fn connect(gateway: &Gateway, tasks: &mut JoinSet<Result<(), h2::Error>>) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(gateway.grpc)
        .await
        .expect("the gateway listens");
    let mut builder = h2::client::Builder::new();
    builder.initial_connection_window_size(1 << 26);
    let (requests, connection) = builder.handshake(socket).await.expect("HTTP/2");
    tasks.spawn(connection);
    requests
}

/// A watch of which one frame is read, and no room is given for more.
async fn stuck(requests: &SendRequest<Bytes>) -> RecvStream {
    let mut requests = requests.clone().ready().await.expect("a connection");
    let head = Request::builder()
        .method(Method::POST)
        .uri(format!("http://gateway/{SERVICE}/ActiveCalls"))
        .header("content-type", "application/grpc");
    let (answer, mut body) = requests
        .send_request(head.body(()).expect("a request"), false)
        .expect("a stream");
    let message = request().encode_to_vec();
    let len = u8::try_from(message.len()).expect("a small message");
    let framed = [&[0, 0, 0, 0, len], &message[..]].concat();
    body.send_data(framed.into(), true).expect("a stream");
    let answer = soon("an answer", answer).await.expect("the watch opens");
    let mut body = answer.into_body();
    soon("data", body.data()).await.expect("data").expect("data");
    body
}

/// Reads on; how the stream ends, if it does so soon: with a status, or reset.
async fn ended(mut body: RecvStream) -> Option<Result<Status, h2::Error>> {
    let reading = async {
        while let Some(data) = body.data().await {
            body.flow_control().release_capacity(data?.len())?;
        }
        let trailers = body.trailers().await?.expect("trailers");
        Ok(Status::from_header_map(&trailers).expect("a status"))
    };
    tokio::time::timeout(Duration::from_millis(200), reading)
        .await
        .ok()
}

/// Reads the events of a stream until a version has been told as a whole.
async fn until(stream: &mut Streaming<ActiveCallsResponse>, version: u64) {
    let reading = async {
        loop {
            let event = stream.message().await.expect("it goes on").expect("it goes on");
            let more = matches!(&event.event, Some(Event::Snapshot(part)) if part.more);
            if event.version >= version && !more {
                return;
            }
        }
    };
    soon("the version", reading).await;
}

async fn feed(gateway: &Gateway) -> Value {
    let (_, feeds) = gateway.page("/feeds").await;
    let feeds: Value = serde_json::from_str(&feeds).expect("JSON");
    feeds[0].clone()
}

/// A hundred of them used to hold a hundred snapshots for as long as they liked.
#[tokio::test]
async fn readers_who_never_read_hold_no_more_than_the_limit_and_the_slowest_are_ended() {
    let (mut upstream, mut tasks) = (JoinSet::new(), JoinSet::new());
    let url = restless(&mut upstream).await;
    let mut setup = Setup::default();
    setup.server.watch.memory = MEMORY;
    // One change of all rows alone would be an eighth of the memory.
    setup.server.watch.ring_bytes = 0;
    setup.server.watch.interval = Duration::from_millis(150);
    let gateway = Gateway::serving(&url, setup).await;
    let mut client = gateway.client().await;
    let healthy = client.active_calls(request()).await.expect("the watch opens");
    let mut healthy = healthy.into_inner();
    let requests = connect(&gateway, &mut tasks).await;

    let (mut slow, mut most) = (Vec::new(), 0);
    for _ in 0..READERS {
        slow.push(stuck(&requests).await);
        let feed = feed(&gateway).await;
        let version = feed["version"].as_u64().expect("a version");
        most = most.max(feed["memory"]["all_feeds"].as_u64().expect("a number"));
        assert_eq!(feed["memory"]["limit"], MEMORY);
        // The next one begins with another version.
        until(&mut healthy, version + 1).await;
    }
    assert!(usize::try_from(most).expect("a size") <= MEMORY, "{most} bytes");

    let end = ended(slow.swap_remove(0))
        .await
        .expect("the slowest has been ended");
    match end {
        Ok(status) => assert_eq!(reason(&status), "SLOW_CONSUMER"),
        Err(error) => assert!(error.is_reset(), "{error}"),
    }
    let last = slow.pop().expect("one that came last");
    assert!(ended(last).await.is_none(), "whoever came last may go on");
    let version = feed(&gateway).await["version"].as_u64().expect("a version");
    until(&mut healthy, version).await;
}
