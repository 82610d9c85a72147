//! Answers that are small on the wire, or as bodies, and become large: refused by every RPC, and in the watch a failed poll.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};
use portico::upstream::Transport;
use tonic::{Code, Streaming};

use crate::each::{RPCS, changes, reads};
use crate::support::{Answer, Gateway, Setup, Upstream, reason, row, soon};

/// Elements that are as small as can be.
fn rows(count: usize) -> String {
    format!("\"[{}]\"", vec!["{}"; count].join(","))
}

/// A 200 with gzipped CSV.
fn gzipped(body: &str) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes()).expect("memory takes it");
    let body = encoder.finish().expect("memory takes it");
    Answer::new(200, "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n", body)
}

/// Bodies that are sound but for how much they hold.
fn bombs() -> [(&'static str, String); 6] {
    let names: Vec<_> = (0..100_000).map(|column| column.to_string()).collect();
    let header = format!("FeatureName,{}\n", names.join(","));
    [
        ("calls", row(&format!("{},[],{{}},True,[],LIC,0,", rows(300_000)))),
        (
            "extensions",
            row(&format!("[],{},{{}},True,[],LIC,0,", rows(300_000))),
        ),
        (
            "statuses",
            row(&format!("[],[],{{}},True,{},LIC,0,", rows(300_000))),
        ),
        (
            "a little of each",
            row(&format!("{0},{0},{{}},True,{0},LIC,0,", rows(1_000))),
        ),
        (
            "columns",
            row("[],[],{},True,[],LIC,0,").replace("FeatureName\n", &header),
        ),
        (
            "cells",
            row(&format!("[],[],{{}},True,[],LIC,0,{}", ",".repeat(1_000_000))),
        ),
    ]
}

/// The first three used to be answered; of 16 MiB, for 5 GB.
#[tokio::test]
async fn an_answer_that_holds_more_than_its_size_is_refused_by_every_rpc() {
    let answers = || {
        bombs()
            .into_iter()
            .flat_map(|(_, body)| vec![gzipped(&body); RPCS])
    };
    let of_reads = Upstream::answering(answers()).await;
    let of_changes = Upstream::without_lists(answers()).await;
    let reading = Gateway::serving(&of_reads.url, Transport::Routes).await;
    let changing = Gateway::serving(&of_changes.url, Transport::Routes).await;
    for (bomb, _) in bombs() {
        let refused = |rpc, heard: Option<tonic::Status>, expected| {
            let heard = heard.unwrap_or_else(|| panic!("{rpc} took {bomb}"));
            assert_eq!((heard.code(), &*reason(&heard)), expected, "{rpc} with {bomb}");
        };
        let expected = match bomb {
            // A row that its header does not fit is no CSV, however long it is.
            "cells" => (Code::Internal, "UPSTREAM_UNDECODABLE"),
            _ => (Code::Internal, "UPSTREAM_TOO_LARGE"),
        };
        for (rpc, heard) in reads(&reading).await {
            refused(rpc, heard, expected);
        }
        for (rpc, heard) in changes(&changing).await {
            refused(rpc, heard, (Code::Unknown, "OUTCOME_UNKNOWN"));
        }
    }
}

async fn next(watch: &mut Streaming<ActiveCallsResponse>) -> ActiveCallsResponse {
    let event = soon("an event", watch.message()).await;
    event.expect("the watch does not fail").expect("nor end")
}

/// Rows of defaults used to take the place of the state.
#[tokio::test]
async fn no_such_answer_changes_what_a_watch_tells() {
    let shows = |call: &str| {
        let calls = format!("\"[{{IEnv:3,CallId:{call},ICustomer:1}}]\"");
        row(&format!(
            "{calls},[],,False,\"[{{i_c_ext:5001,i_customer:1}}]\",LIC,0,"
        ))
    };
    // A watch does not look at extensions: for it, that bomb is an answer without calls.
    let bombs = bombs().into_iter().filter(|(bomb, _)| *bomb != "extensions");
    let answers = [Answer::csv(shows("first"))]
        .into_iter()
        .chain(bombs.map(|(_, body)| gzipped(&body)))
        .chain([Answer::csv(shows("second")), Answer::Hang]);
    let upstream = Upstream::answering(answers).await;
    let mut setup = Setup::default();
    let params = &mut setup.server.watch;
    // Polls that fail do not become rarer.
    (params.interval, params.slow_factor) = (Duration::from_millis(20), 1);
    let gateway = Gateway::serving(&upstream.url, setup).await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let watch = gateway.client().await.active_calls(request).await;
    let mut watch = watch.expect("it opens").into_inner();

    let event = next(&mut watch).await;
    let Some(Event::Snapshot(snapshot)) = event.event else {
        panic!("not a snapshot: {event:?}");
    };
    assert_eq!((snapshot.calls.len(), snapshot.extension_statuses.len()), (1, 1));
    let event = next(&mut watch).await;
    let Some(Event::Delta(delta)) = event.event else {
        panic!("not a delta: {event:?}");
    };
    assert_eq!(event.version, 2);
    let (new, gone) = (&delta.started, &delta.ended);
    assert_eq!((new.len(), gone.len()), (1, 1), "{delta:?}");
    upstream.used_up().await;
}
