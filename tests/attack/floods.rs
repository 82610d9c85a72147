//! A peer that keeps the gateway busy with what breaks the rules of HTTP/2 is cut.

use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use http::header::CONTENT_LENGTH;
use http::{Method, Request};
use portico::upstream::Transport;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{Gateway, RunningSandbox, SERVICE, soon};

/// Sends a request that ends with its headers, which yet announce a body; gives back the error that answers it.
async fn malformed(requests: &SendRequest<Bytes>) -> h2::Error {
    let mut requests = match requests.clone().ready().await {
        Ok(ready) => ready,
        Err(error) => return error,
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://gateway/{SERVICE}/ListExtensions"))
        .header(CONTENT_LENGTH, 1)
        .body(())
        .expect("a request");
    match requests.send_request(request, true) {
        Ok((answer, _)) => answer.await.expect_err("a malformed request is not answered"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_peer_whose_streams_must_be_reset_is_cut_after_1024_of_them() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let stream = TcpStream::connect(gateway.grpc)
        .await
        .expect("the gateway listens");
    let (requests, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);

    let mut resets = 0;
    let flood = async {
        while resets < 3_000 {
            let error = malformed(&requests).await;
            if !error.is_reset() {
                return;
            }
            assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR));
            resets += 1;
        }
    };
    soon("the end of the flood", flood).await;
    assert_eq!(resets, 1_024);
    let ended = soon("the end of the connection", tasks.join_next()).await;
    let ended = ended.expect("a task").expect("it does not panic");
    let error = ended.expect_err("the gateway has cut it");
    assert!(error.is_go_away() && error.is_remote(), "{error}");
    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
}
