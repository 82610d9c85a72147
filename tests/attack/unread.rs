//! Answers that their peers do not read.

use std::time::Duration;

use bytes::Bytes;
use h2::{Reason, RecvStream};
use http::Response;
use portico::proto::v1::{ActiveCallsRequest, ListExtensionsRequest};
use portico::sandbox::{self, State, WorldParams};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use crate::peer::{Peer, Windows, framed, read, status};
use crate::support::{Gateway, Log, RunningSandbox, SERVICE, Setup, reason, soon};

/// A window that the answers below do not fit in, on a connection with room for many of them.
const NARROW: Windows = Windows(65_535, 1 << 26);

const UNREAD: Duration = Duration::from_millis(300);

/// A customer whose lists have hundreds of kilobytes.
async fn large() -> RunningSandbox {
    let world = WorldParams {
        customers: 1,
        extensions: 3_000,
        ..WorldParams::default()
    };
    RunningSandbox::with(sandbox::Params {
        state: State::Living(world),
        ..sandbox::Params::default()
    })
    .await
}

async fn gateway(sandbox: &RunningSandbox) -> Gateway {
    let mut setup = Setup::default();
    setup.server.connections.unread = UNREAD;
    Gateway::serving(&sandbox.url, setup).await
}

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

fn watch() -> ActiveCallsRequest {
    ActiveCallsRequest {
        i_customer: 1,
        heartbeat: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..ActiveCallsRequest::default()
    }
}

/// Takes what comes without giving way to more, until there is an error.
async fn stuck(answer: &mut Response<RecvStream>) -> (usize, h2::Error) {
    let mut len = 0;
    loop {
        match soon("data or an end", answer.body_mut().data()).await {
            Some(Ok(data)) => len += data.len(),
            Some(Err(error)) => return (len, error),
            None => panic!("the answer ended well after {len} bytes"),
        }
    }
}

#[tokio::test]
async fn unread_answers_are_reset_and_no_others() {
    let log = Log::capture();
    let sandbox = large().await;
    let gateway = gateway(&sandbox).await;
    let peer = Peer::connect(gateway.grpc, NARROW).await;
    let mut unread = Vec::new();
    for _ in 0..5 {
        unread.push(peer.call("ListExtensions", &list()).await);
    }
    unread.push(peer.call("ActiveCalls", &watch()).await);
    for answer in &mut unread {
        let (len, error) = stuck(answer).await;
        assert_eq!(len, 65_535);
        assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
    }
    // The same connection, read well.
    let mut answer = peer.call("ListExtensions", &list()).await;
    let (len, trailers) = read(answer.body_mut()).await.expect("an answer");
    assert_eq!(status(&trailers).code(), Code::Ok);
    assert!(len > 2 * 65_535, "{len} bytes do fit in the window");

    let text = log.text();
    assert_eq!(text.matches(r#"a stream is ended reason="unread""#).count(), 6);
    let told = text
        .lines()
        .filter(|line| line.contains(SERVICE) && line.contains("the caller left before the end"));
    assert_eq!(told.count(), 6, "each end is told, and once");
}

/// Each answer is small, and would be in the connection's queue as a whole if its end did not wait for it.
#[tokio::test]
async fn small_unread_answers_do_not_pile_up() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = gateway(&sandbox).await;
    let peer = Peer::connect(gateway.grpc, Windows(1, 1 << 20)).await;
    let mut unread = Vec::new();
    for _ in 0..200 {
        unread.push(peer.call("ListExtensions", &list()).await);
    }
    let mut resets = 0;
    let mut waiting: Vec<_> = unread.iter_mut().map(|answer| Box::pin(stuck(answer))).collect();
    while resets < 130 {
        let next = std::future::poll_fn(|cx| {
            let done = waiting
                .iter_mut()
                .position(|answer| answer.as_mut().poll(cx).is_ready());
            done.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        });
        let done = soon("a reset", next).await;
        drop(waiting.swap_remove(done));
        resets += 1;
    }
    // Beside those that are left.
    let mut answer = peer.call("ListExtensions", &list()).await;
    let (_, trailers) = read(answer.body_mut()).await.expect("an answer");
    assert_eq!(status(&trailers).code(), Code::Ok);
}

#[tokio::test]
async fn who_reads_slowly_is_not_reset() {
    let sandbox = large().await;
    let gateway = gateway(&sandbox).await;
    let peer = Peer::connect(gateway.grpc, NARROW).await;
    let mut answer = peer.call("ListExtensions", &list()).await;
    let mut unreleased = 0;
    while let Some(data) = soon("data", answer.body_mut().data()).await {
        unreleased += data.expect("it is not reset").len();
        if unreleased >= 65_535 {
            // As much as a peer does that is nearly stuck.
            let _ = tokio::time::timeout(UNREAD / 3, std::future::pending::<()>()).await;
            answer
                .body_mut()
                .flow_control()
                .release_capacity(unreleased)
                .expect("it was taken");
            unreleased = 0;
        }
    }
    let trailers = answer.body_mut().trailers().await.expect("trailers");
    assert_eq!(status(&trailers.expect("trailers")).code(), Code::Ok);
}

#[tokio::test]
async fn a_watcher_that_reads_and_has_nothing_to_read_is_left_alone() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = Setup::default();
    setup.server.connections.unread = Duration::from_millis(50);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut client = gateway.client().await;
    let mut stream = client.active_calls(watch()).await.expect("a watch").into_inner();
    for _ in 0..3 {
        // A snapshot, and bookmarks a second apart.
        let event = soon("an event", stream.message()).await;
        event.expect("it is not reset").expect("it goes on");
    }
}

#[tokio::test]
async fn a_connection_whose_peer_reads_nothing_is_closed() {
    let sandbox = large().await;
    let gateway = gateway(&sandbox).await;
    let mut socket = TcpStream::connect(gateway.grpc).await.expect("it listens");
    let request = framed(&list());
    let head = format!(
        "POST /porta.customerextension.v1.CustomerExtensionService/ListExtensions HTTP/1.1\r\nhost: gateway\r\n\
         content-type: application/grpc-web+proto\r\ncontent-length: {}\r\n\r\n",
        request.len()
    );
    // One answer after another, until they fill the buffers of both sides.
    let one = Bytes::from([head.as_bytes(), &request].concat());
    let write = async { while socket.write_all(&one).await.is_ok() {} };
    soon("the end of the connection", write).await;
    let mut rest = Vec::new();
    let _ = soon("the end", socket.read_to_end(&mut rest)).await;
}

/// Each of the answers has hundreds of kilobytes, and they have room for one.
#[tokio::test]
async fn unread_answers_take_no_more_room_than_there_is() {
    let sandbox = large().await;
    let mut setup = Setup::default();
    setup.server.admission.max_unread = 512 * 1024;
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let peer = Peer::connect(gateway.grpc, NARROW).await;
    let mut unread = peer.call("ListExtensions", &list()).await;
    let data = soon("data", unread.body_mut().data()).await;
    data.expect("data").expect("it is answered");
    for _ in 0..50 {
        let mut answer = peer.call("ListExtensions", &list()).await;
        let (len, trailers) = read(answer.body_mut()).await.expect("an end");
        assert_eq!((len, status(&trailers).code()), (0, Code::ResourceExhausted));
        assert_eq!(reason(&status(&trailers)), "OVERLOADED");
    }
    drop(unread);
    // The reset has to arrive.
    loop {
        let mut answer = peer.call("ListExtensions", &list()).await;
        let (len, trailers) = read(answer.body_mut()).await.expect("an end");
        if status(&trailers).code() == Code::Ok {
            assert!(len > 65_535);
            return;
        }
    }
}
