//! Many watchers in this process: plain HTTP/2 streams whose messages are counted and thrown away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use portico::proto::v1::ActiveCallsRequest;
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::frames::{self, Frames, PREFIX};
use super::harness::Result;
use super::harness::process::clock;

/// Streams on one connection.
pub(super) const STREAMS: usize = 100;

/// Windows that never keep a server from sending what a turn asks for.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// Longer than a turn, so that no bookmark is taken for an event.
const HEARTBEAT: i64 = 60;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Watchers of one server.
#[derive(Debug)]
pub(super) struct Watchers {
    connections: Vec<SendRequest<Bytes>>,
    arrivals: Arc<Arrivals>,
    tasks: JoinSet<()>,
}

/// Counts the messages that have arrived.
#[derive(Debug, Default)]
struct Arrivals {
    messages: AtomicUsize,
    /// The count that somebody waits for.
    awaited: AtomicUsize,
    reached: Notify,
}

impl Watchers {
    /// Connects, and opens no stream yet.
    pub(super) async fn connect(server: SocketAddr, connections: usize) -> Result<Self> {
        let mut watchers = Self {
            connections: Vec::new(),
            arrivals: Arc::default(),
            tasks: JoinSet::new(),
        };
        for _ in 0..connections {
            let socket = TcpStream::connect(server).await?;
            socket.set_nodelay(true)?;
            let (requests, connection) = h2::client::Builder::new()
                .initial_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .handshake(socket)
                .await?;
            watchers.tasks.spawn(async move {
                // It ends with the server.
                let _ = connection.await;
            });
            watchers.connections.push(requests.ready().await?);
        }
        Ok(watchers)
    }

    /// Opens [`STREAMS`] watches on each connection; the n-th watches the customer that `customer` says.
    pub(super) async fn open(&mut self, customer: impl Fn(usize) -> i64) -> Result<()> {
        for (index, requests) in self.connections.iter_mut().enumerate() {
            let mut answers = Vec::new();
            for stream in index * STREAMS..(index + 1) * STREAMS {
                answers.push(send(requests, customer(stream)).await?);
            }
            for answer in answers {
                let body = timeout(PATIENCE, answer).await??.into_body();
                let arrivals = self.arrivals.clone();
                self.tasks.spawn(async move {
                    // A body that breaks off shows in the count.
                    let _ = count(body, &arrivals).await;
                });
            }
        }
        Ok(())
    }

    /// How many messages have arrived on all streams.
    pub(super) fn messages(&self) -> usize {
        self.arrivals.messages.load(Ordering::SeqCst)
    }

    /// Waits until `count` messages have arrived altogether, and tells when.
    pub(super) async fn reached(&self, count: usize) -> Result<Duration> {
        self.arrivals.awaited.store(count, Ordering::SeqCst);
        while self.messages() < count {
            timeout(PATIENCE, self.arrivals.reached.notified()).await?;
        }
        Ok(clock())
    }
}

/// Opens one watch, passes on each message it is told, and at its end `grpc-status`, if it came.
pub(super) async fn collect(
    requests: &mut SendRequest<Bytes>,
    customer: i64,
    tasks: &mut JoinSet<()>,
    messages: mpsc::UnboundedSender<Bytes>,
    ended: mpsc::UnboundedSender<Option<i32>>,
) -> Result<()> {
    let body = timeout(PATIENCE, send(requests, customer).await?)
        .await??
        .into_body();
    tasks.spawn(async move {
        let status = read(body, &messages).await;
        // The receiver may be gone: it has seen enough.
        let _ = ended.send(status.ok().flatten());
    });
    Ok(())
}

/// A connection for [`collect`].
pub(super) async fn connection(server: SocketAddr, tasks: &mut JoinSet<()>) -> Result<SendRequest<Bytes>> {
    let mut one = Watchers::connect(server, 1).await?;
    let requests = one.connections.pop().ok_or("no connection")?;
    tasks.spawn(async move { while one.tasks.join_next().await.is_some() {} });
    Ok(requests)
}

async fn send(requests: &mut SendRequest<Bytes>, customer: i64) -> Result<h2::client::ResponseFuture> {
    let request = http::Request::post(
        "http://localhost/porta.customerextension.v1.CustomerExtensionService/ActiveCalls",
    )
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(())?;
    let message = ActiveCallsRequest {
        i_customer: customer,
        heartbeat: Some(prost_types::Duration {
            seconds: HEARTBEAT,
            nanos: 0,
        }),
        ..ActiveCallsRequest::default()
    }
    .encode_to_vec();
    let mut body = vec![0; PREFIX];
    body[1..].copy_from_slice(&u32::try_from(message.len())?.to_be_bytes());
    body.extend(message);
    std::future::poll_fn(|cx| requests.poll_ready(cx)).await?;
    let (answer, mut sender) = requests.send_request(request, false)?;
    sender.send_data(body.into(), true)?;
    Ok(answer)
}

async fn count(mut body: h2::RecvStream, arrivals: &Arrivals) -> Result<()> {
    let mut frames = Frames::default();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        let ended = frames.take(&chunk);
        if ended == 0 {
            continue;
        }
        let now = arrivals.messages.fetch_add(ended, Ordering::SeqCst) + ended;
        if now >= arrivals.awaited.load(Ordering::SeqCst) {
            arrivals.reached.notify_one();
        }
    }
    Ok(())
}

async fn read(mut body: h2::RecvStream, messages: &mpsc::UnboundedSender<Bytes>) -> Result<Option<i32>> {
    let mut pending = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        pending.extend_from_slice(&chunk);
        while let Some(message) = frames::split_message(&mut pending) {
            // The receiver may be gone: it has seen enough.
            let _ = messages.send(message);
        }
    }
    let trailers = body.trailers().await?.unwrap_or_default();
    let status = trailers.get("grpc-status").map(|status| status.to_str());
    Ok(status.transpose()?.map(str::parse).transpose()?)
}
