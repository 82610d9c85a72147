//! Nobody can invent labels: not a client with its methods, and not the upstream with its statuses.

use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portico::proto::v1::ListExtensionsRequest;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::page::Page;
use crate::support::{Answer, Gateway, Upstream};

#[tokio::test]
async fn ten_thousand_invented_methods_are_one() {
    let upstream = Upstream::answering([]).await;
    let gateway = Gateway::serving(&upstream.url, portico::upstream::Transport::Routes).await;
    let stream = TcpStream::connect(gateway.grpc).await.expect("it listens");
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let before = Page::of(&gateway).await.count("rpc_server_call_duration_seconds");
    for number in 0..10_000 {
        let request = http::Request::post(format!("http://gateway/p.Service{number}/Method{number}"))
            .header("content-type", "application/grpc")
            .body(Empty::<bytes::Bytes>::new())
            .expect("a request");
        client.ready().await.expect("the connection stays");
        let answer = client.send_request(request).await.expect("an answer");
        answer.into_body().collect().await.expect("its end");
    }
    let page = Page::of(&gateway).await;
    // Sum and count of one method with one code.
    assert_eq!(page.count("rpc_server_call_duration_seconds"), before + 2);
    let series = r#"rpc_server_call_duration_seconds_count{rpc_method="_OTHER",rpc_response_status_code="UNIMPLEMENTED"}"#;
    assert!(page.value(series) > 9_999.5);
}

#[tokio::test]
async fn statuses_that_mean_nothing_here_are_one() {
    let statuses = 200..700_u16;
    let answers = statuses.clone().map(|status| Answer::new(status, "", "x"));
    let upstream = Upstream::answering(answers).await;
    let gateway = Gateway::serving(&upstream.url, portico::upstream::Transport::Routes).await;
    let mut client = gateway.client().await;
    for _ in statuses {
        let request = ListExtensionsRequest {
            i_customer: 1,
            product_ids: vec![],
        };
        client.list_extensions(request).await.expect_err("no list");
    }
    let page = Page::of(&gateway).await;
    let series = page.count("http_client_request_duration_seconds_count");
    assert!(series <= 32, "{series}");
    let other = r#"http_client_request_duration_seconds_count{error_type="unexpected_status",http_response_status_code="_OTHER""#;
    assert_eq!(page.count(other), 1);
}
