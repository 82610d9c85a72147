//! A peer that speaks HTTP/2 by hand, and so can do what no client library does.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Response};
use prost::Message;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Status;

use crate::support::{SERVICE, soon};

/// One connection.
pub(crate) struct Peer {
    requests: SendRequest<Bytes>,
    connection: JoinSet<Result<(), h2::Error>>,
}

/// How much this peer reads: the windows of each stream and of the connection.
pub(crate) struct Windows(pub(crate) u32, pub(crate) u32);

impl Peer {
    pub(crate) async fn connect(address: SocketAddr, Windows(stream, connection): Windows) -> Self {
        let socket = TcpStream::connect(address).await.expect("the gateway listens");
        let mut builder = Builder::new();
        builder
            .initial_window_size(stream)
            .initial_connection_window_size(connection);
        let (requests, driver) = builder.handshake(socket).await.expect("HTTP/2");
        let mut connection = JoinSet::new();
        connection.spawn(driver);
        Self { requests, connection }
    }

    /// Begins a call of the contract and says no more than `body`.
    pub(crate) async fn begin(
        &self,
        method: &str,
        body: Bytes,
        ends: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let headers = [("content-type", "application/grpc"), ("te", "trailers")];
        self.begin_with(method, headers, body, ends).await
    }

    /// As [`Peer::begin`], with these headers.
    pub(crate) async fn begin_with(
        &self,
        method: &str,
        headers: [(&str, &str); 2],
        body: Bytes,
        ends: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut requests = self.requests.clone().ready().await.expect("a connection");
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://gateway/{SERVICE}/{method}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(()).expect("a request");
        let (answer, mut stream) = requests.send_request(request, false).expect("a stream");
        stream.send_data(body, ends).expect("a stream");
        (answer, stream)
    }

    /// The head of the answer to a call.
    pub(crate) async fn call(&self, method: &str, message: &impl Message) -> Response<RecvStream> {
        let (answer, _) = self.begin(method, framed(message), true).await;
        soon("an answer", answer).await.expect("it is not reset")
    }

    /// How the connection ends.
    pub(crate) async fn ended(mut self) -> Result<(), h2::Error> {
        let ended = soon("the end of the connection", self.connection.join_next()).await;
        ended.expect("a task").expect("it does not panic")
    }
}

/// A message as gRPC sends it.
pub(crate) fn framed(message: &impl Message) -> Bytes {
    let message = message.encode_to_vec();
    let len = u32::try_from(message.len()).expect("a small message");
    [&[0], &len.to_be_bytes()[..], &message].concat().into()
}

/// The status in these headers or trailers.
pub(crate) fn status(headers: &HeaderMap) -> Status {
    Status::from_header_map(headers).unwrap_or_else(|| panic!("no status in {headers:?}"))
}

/// Reads a body to its end, and so gives way to more; its bytes and its trailers.
pub(crate) async fn read(body: &mut RecvStream) -> Result<(usize, HeaderMap), h2::Error> {
    let mut len = 0;
    while let Some(data) = soon("data", body.data()).await {
        let data = data?;
        len += data.len();
        body.flow_control().release_capacity(data.len())?;
    }
    let trailers = soon("trailers", body.trailers()).await?;
    Ok((len, trailers.unwrap_or_default()))
}

/// Waits until the gateway has closed this connection; gives back what it said.
pub(crate) async fn closed(socket: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is an end as well.
    let _ = soon("the end of the connection", socket.read_to_end(&mut said)).await;
    said
}
