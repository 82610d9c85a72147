//! How bytes get from the upstream to the gateway: zones, compression, metadata.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use jiff::tz::TimeZone;
use portico::proto::v1::{ListActiveCallsRequest, ListExtensionsRequest, ReplyRequest};
use portico::upstream::{Transport, client, http};
use tonic::Code;

use crate::support::{Answer, Gateway, Setup, Upstream, reason, row, single};

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

fn answer_with_extension() -> String {
    row(",\"[{i_c_ext:7,id:101,name:Desk}]\",,False,,LIC,0,")
}

#[tokio::test]
async fn times_without_a_zone_are_read_in_the_upstreams() {
    let body = row(
        "\"[{CLI:1,Connect_time:2026-07-23,Disconnect_time:2026-01-23T01:02:03.5000000}]\",,,False,,LIC,0,",
    );
    for (zone, connect, disconnect) in [
        ("UTC", 1_784_764_800, 1_769_130_123),
        ("Europe/Berlin", 1_784_764_800 - 7200, 1_769_130_123 - 3600),
    ] {
        let upstream = Upstream::answering(vec![Answer::csv(&body); 2]).await;
        let mut setup = Setup::default();
        setup.server.upstream_timezone = TimeZone::get(zone).expect("a zone");
        let gateway = Gateway::serving(&upstream.url, setup).await;
        let mut client = gateway.client().await;
        let request = ListActiveCallsRequest {
            i_customer: 1,
            product_ids: vec![],
        };
        let polled = client
            .list_active_calls(request)
            .await
            .expect("an answer")
            .into_inner()
            .calls;
        let request = ReplyRequest {
            i_customer: 1,
            get_active_calls: true,
            ..ReplyRequest::default()
        };
        let replied = client.reply(request).await.expect("an answer").into_inner().calls;
        assert_eq!(polled, replied);
        let time = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        assert_eq!(polled[0].connect_time, time(connect, 0), "{zone}");
        assert_eq!(polled[0].disconnect_time, time(disconnect, 500_000_000), "{zone}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[tokio::test]
async fn compressed_answers_are_read_and_capped_by_their_real_size() {
    let headers = "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n";
    let bomb = row(&format!(",[],,False,,{},0,", "x".repeat(100_000)));
    let upstream = Upstream::answering([
        Answer::new(200, headers, gzip(&answer_with_extension())),
        Answer::new(200, headers, gzip(&bomb)),
    ])
    .await;
    let setup = Setup {
        client: client::Params {
            http: http::Params {
                max_body: 4096,
                ..http::Params::default()
            },
            ..single()
        },
        ..Setup::default()
    };
    let gateway = Gateway::serving(&upstream.url, setup).await;
    let mut client = gateway.client().await;
    let answer = client
        .list_extensions(list())
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(answer.extensions[0].i_c_ext, 7);
    let large = client.list_extensions(list()).await.expect_err("over the cap");
    assert_eq!(
        (large.code(), &*reason(&large)),
        (Code::Internal, "UPSTREAM_TOO_LARGE")
    );
}

#[tokio::test]
async fn broken_compression_is_told_from_a_broken_connection() {
    let headers = "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n";
    let whole = gzip(&answer_with_extension());
    let (end, middle) = (whole.len() - 12, whole.len() / 2);
    let mut wrong_sum = whole.clone();
    wrong_sum[end + 5] ^= 1;
    let undecodable = (Code::Internal, "UPSTREAM_UNDECODABLE");
    let rows = [
        (
            "cut before it was sent",
            Answer::new(200, headers, &whole[..end]),
            undecodable,
        ),
        ("a wrong sum", Answer::new(200, headers, wrong_sum), undecodable),
        ("no gzip", Answer::new(200, headers, "plain text"), undecodable),
        (
            "cut on the way",
            Answer::announcing(whole.len(), 200, headers, &whole[..middle]),
            (Code::Unavailable, "UPSTREAM_UNREACHABLE"),
        ),
    ];
    let upstream = Upstream::answering(rows.iter().map(|(_, answer, _)| answer.clone())).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    for (what, _, heard) in rows {
        let status = client.list_extensions(list()).await.expect_err(what);
        assert_eq!((status.code(), &*reason(&status)), heard, "{what}");
    }
}

#[tokio::test]
async fn line_ends_of_windows_and_one_byte_order_mark_are_taken() {
    let body = format!("\u{feff}{}", answer_with_extension().replace('\n', "\r\n"));
    let upstream = Upstream::answering([Answer::csv(body)]).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let answer = gateway
        .client()
        .await
        .list_extensions(list())
        .await
        .expect("an answer");
    assert_eq!(answer.into_inner().extensions[0].name, "Desk");
}

#[tokio::test]
async fn the_requests_are_the_published_ones_and_hold_nothing_else() {
    let upstream = Upstream::answering(vec![Answer::csv(answer_with_extension()); 2]).await;
    for transport in crate::support::TRANSPORTS {
        let gateway = Gateway::serving(&upstream.url, transport).await;
        gateway
            .client()
            .await
            .list_extensions(list())
            .await
            .expect("an answer");
    }
    let asked = upstream.asked();
    assert_eq!(asked[0], "GET /GetCustomerExtensions/LIC/1.csv HTTP/1.1\n\n");
    assert_eq!(
        asked[1],
        "POST /csv/reply/CustomerExtension HTTP/1.1\n\nLicense=LIC&ICustomer=1"
    );
}

#[tokio::test]
async fn of_a_callers_metadata_the_upstream_hears_the_trace_and_nothing_else() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let upstream = Upstream::answering(vec![Answer::csv(answer_with_extension()); 2]).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    let mut heads = Vec::new();
    for parent in [PARENT, "not a trace"] {
        let mut request = tonic::Request::new(list());
        let metadata = request.metadata_mut();
        metadata.insert("traceparent", parent.parse().expect("ASCII"));
        metadata.insert("tracestate", "vendor=1".parse().expect("ASCII"));
        metadata.insert("x-http-method-override", "DELETE".parse().expect("ASCII"));
        client.list_extensions(request).await.expect("an answer");
        heads = upstream.heads();
    }
    let [traced, plain] = &*heads else {
        panic!("two requests: {heads:?}");
    };
    assert!(traced.contains(&format!("traceparent: {PARENT}")), "{traced}");
    assert!(traced.contains("tracestate: vendor=1"), "{traced}");
    assert!(!plain.contains("trace"), "{plain}");
    assert!(!traced.contains("override"), "{traced}");
}
