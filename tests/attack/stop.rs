//! Peers that would hold a gateway that stops, or stay for ever. None does: each test waits for far less than its drain
//! timeout.

use std::time::Duration;

use portico::upstream::Transport;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_stream::StreamExt as _;
use tonic::Streaming;
use tonic_reflection::pb::v1;

use crate::peer::closed;
use crate::support::{Gateway, RunningSandbox, Setup, soon};

async fn gateway(sandbox: &RunningSandbox) -> Gateway {
    let mut setup = Setup::from(Transport::Routes);
    setup.server.drain_timeout = Duration::from_secs(3600);
    Gateway::serving(&sandbox.url, setup).await
}

/// A reflection stream with one question, after which others may come at any time. Its first answer was read.
async fn reflection(gateway: &Gateway) -> Streaming<v1::ServerReflectionResponse> {
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(gateway.channel().await);
    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let questions = tokio_stream::once(request).chain(tokio_stream::pending());
    let answers = client.server_reflection_info(questions).await;
    let mut answers = answers.expect("reflection").into_inner();
    answers.message().await.expect("it is served").expect("an answer");
    answers
}

#[tokio::test]
async fn an_open_reflection_stream_ends_well() {
    let sandbox = RunningSandbox::recorded().await;
    let mut gateway = gateway(&sandbox).await;
    let mut answers = reflection(&gateway).await;
    gateway.stop();
    let end = soon("the end of the stream", answers.message()).await;
    assert!(end.expect("it ends with OK").is_none());
    gateway.ended().await;
}

#[tokio::test]
async fn a_reflection_stream_without_questions_does_not_stay_for_ever() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = Setup::from(Transport::Routes);
    setup.server.connections.idle = Duration::from_millis(100);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut answers = reflection(&gateway).await;
    let end = soon("the end of the stream", answers.message()).await;
    assert!(end.expect("it ends with OK").is_none());
}

#[tokio::test]
async fn silent_and_deaf_peers_are_not_waited_for() {
    let sandbox = RunningSandbox::recorded().await;
    let mut gateway = gateway(&sandbox).await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let whole = [&preface[..], &settings].concat();
    let mut sockets = Vec::new();
    for said in [&b""[..], &preface[..9], preface, &whole, b"POST / HTTP/1.1\r\n"] {
        let mut socket = TcpStream::connect(gateway.grpc).await.expect("it listens");
        socket.write_all(said).await.expect("it is open");
        sockets.push(socket);
    }
    gateway.stop();
    gateway.ended().await;
    for socket in &mut sockets {
        closed(socket).await;
    }
}
