//! Connections whose peers are silent, slow, idle or too many.

use std::time::Duration;

use bytes::Bytes;
use portico::proto::v1::ListExtensionsRequest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tonic::Code;

use crate::peer::{Peer, Windows, closed, framed, read, status};
use crate::support::{Gateway, RunningSandbox, Setup, reason, soon};

const ROOMY: Windows = Windows(1 << 20, 1 << 24);

/// No test waits for what it does not wait for on purpose.
const NEVER: Duration = Duration::from_secs(3600);

fn setup() -> Setup {
    let mut setup = Setup::default();
    let connections = &mut setup.server.connections;
    connections.greeting = NEVER;
    connections.head = NEVER;
    connections.request = NEVER;
    connections.unread = NEVER;
    connections.idle = NEVER;
    setup
}

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

/// A connection that has said this.
async fn said(gateway: &Gateway, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(gateway.grpc).await.expect("it listens");
    socket.write_all(bytes).await.expect("it is open");
    socket
}

#[tokio::test]
async fn who_does_not_say_what_protocol_it_speaks_is_closed() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.greeting = Duration::from_millis(50);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    for silence in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
        let mut socket = said(&gateway, silence).await;
        assert_eq!(closed(&mut socket).await, b"", "{silence:?}");
    }
}

#[tokio::test]
async fn who_does_not_end_the_head_of_a_request_is_closed() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.head = Duration::from_millis(50);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    for head in ["G", "POST /", "POST / HTTP/1.1\r\nhost: gateway\r\nx: "] {
        let mut socket = said(&gateway, head.as_bytes()).await;
        closed(&mut socket).await;
    }
}

#[tokio::test]
async fn a_request_that_does_not_end_is_answered_in_time() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.request = Duration::from_millis(100);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let peer = Peer::connect(gateway.grpc, ROOMY).await;
    for method in ["ListExtensions", "ActiveCalls"] {
        for body in [Bytes::new(), Bytes::from_static(&[0, 0]), framed(&list())] {
            let (answer, _open) = peer.begin(method, body, false).await;
            let answer = soon("an answer", answer).await.expect("it is not reset");
            let status = status(answer.headers());
            assert_eq!(status.code(), Code::DeadlineExceeded, "{method}: {status:?}");
            assert_eq!(reason(&status), "REQUEST_TIMEOUT");
        }
    }
    let mut whole = peer.call("ListExtensions", &list()).await;
    let (_, trailers) = read(whole.body_mut()).await.expect("an answer");
    assert_eq!(status(&trailers).code(), Code::Ok, "the connection goes on");
    assert_eq!(sandbox.calls(), 1, "nothing came of the others");
}

/// Neither by the server's time nor by the caller's is anything sent that arrived too late, whatever it arrives by.
#[tokio::test]
async fn a_request_that_does_not_end_is_late_over_grpc_web_and_by_its_own_deadline_too() {
    let sandbox = RunningSandbox::recorded().await;
    for (limit, headers) in [
        (
            Duration::from_millis(100),
            [("content-type", "application/grpc-web+proto"), ("accept", "*/*")],
        ),
        (
            NEVER,
            [("content-type", "application/grpc"), ("grpc-timeout", "100m")],
        ),
    ] {
        let mut setup = setup();
        setup.server.connections.request = limit;
        let gateway = Gateway::serving(&sandbox.url, setup).await;
        let peer = Peer::connect(gateway.grpc, ROOMY).await;
        for method in ["ListExtensions", "ActiveCalls"] {
            let (answer, mut open) = peer.begin_with(method, headers, Bytes::new(), false).await;
            let answer = soon("an answer", answer).await.expect("it is not reset");
            let status = status(answer.headers());
            assert_eq!(status.code(), Code::DeadlineExceeded, "{method}: {status:?}");
            assert_eq!(reason(&status), "REQUEST_TIMEOUT");
            // The rest may come or not: nobody listens.
            let _ = open.send_data(framed(&list()), true);
        }
    }
    assert_eq!(sandbox.calls(), 0, "nothing was sent");
}

#[tokio::test]
async fn an_idle_connection_is_sent_away_and_the_next_call_makes_another() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.greeting = Duration::ZERO;
    setup.server.connections.idle = Duration::from_millis(300);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut client = gateway.client().await;
    client.list_extensions(list()).await.expect("an answer");

    let peer = Peer::connect(gateway.grpc, ROOMY).await;
    let mut answer = peer.call("ListExtensions", &list()).await;
    read(answer.body_mut()).await.expect("an answer");
    peer.ended().await.expect("GOAWAY without an error");

    client.list_extensions(list()).await.expect("an answer");
}

#[tokio::test]
async fn a_connection_with_a_call_in_flight_is_not_idle() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.greeting = Duration::ZERO;
    setup.server.connections.idle = Duration::from_millis(50);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut health = gateway.watch_health("").await;
    health.message().await.expect("a state").expect("a state");
    let peer = Peer::connect(gateway.grpc, ROOMY).await;
    peer.ended().await.expect("GOAWAY without an error");
    assert!(
        tokio::time::timeout(Duration::ZERO, health.message())
            .await
            .is_err(),
        "it goes on"
    );
}

#[tokio::test]
async fn a_peer_that_does_not_go_is_closed_all_the_same() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections.greeting = Duration::ZERO;
    setup.server.connections.idle = Duration::from_millis(50);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    // It acknowledges nothing.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let mut socket = said(
        &gateway,
        &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..]].concat(),
    )
    .await;
    let heard = closed(&mut socket).await;
    let goaway = heard.windows(5).any(|frame| frame == [0, 0, 8, 7, 0]);
    assert!(goaway, "{heard:?}");
}

#[tokio::test]
async fn connections_over_the_limit_are_closed_and_the_others_go_on() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = setup();
    setup.server.connections = setup.server.connections.limited(2);
    let gateway = Gateway::start(&sandbox.url, setup).await;
    let first = Peer::connect(gateway.grpc, ROOMY).await;
    let second = Peer::connect(gateway.grpc, ROOMY).await;
    for peer in [&first, &second] {
        peer.call("ListExtensions", &list()).await;
    }
    for _ in 0..10 {
        let mut third = said(&gateway, b"").await;
        assert_eq!(closed(&mut third).await, b"");
    }
    for peer in [&first, &second] {
        peer.call("ListExtensions", &list()).await;
    }
    assert_eq!(
        gateway.page("/livez").await.0,
        200,
        "the operator's port has its own"
    );

    drop(first);
    let room = async {
        loop {
            let mut socket = said(
                &gateway,
                b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            )
            .await;
            if !closed(&mut socket).await.is_empty() {
                return;
            }
        }
    };
    soon("room for another", room).await;
}

#[tokio::test]
async fn a_gateway_that_is_dropped_closes_its_connections() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, setup()).await;
    let peer = Peer::connect(gateway.grpc, ROOMY).await;
    peer.call("ListExtensions", &list()).await;
    drop(gateway);
    let _ = peer.ended().await;
}
