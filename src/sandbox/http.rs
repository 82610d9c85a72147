//! The sandbox on the network: connections, bodies in, responses out.
//!
//! The request target reaches the router as it was sent: nothing is collapsed, decoded or re-encoded on the way.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Sandbox;
use super::control;
use super::exchange::{self, Outcome};
use super::request::{self, Parts};
use super::respond::Reply;

/// The most a request's body may have. A form of the longest texts is far below it.
const MAX_BODY: usize = 1 << 20;

/// How long requests in flight may go on after the shutdown began.
const GRACE: Duration = Duration::from_secs(5);

/// The pause after a connection could not be accepted, which is mostly a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// See [`super::run`].
pub(super) async fn serve(listener: TcpListener, sandbox: Sandbox, shutdown: impl Future<Output = ()>) {
    let stopping = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, sandbox.clone(), stopping.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    // First no new connections, then no new requests, then no more patience.
    drop(listener);
    stopping.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::debug!("requests still in flight are dropped");
    }
}

async fn connection(stream: TcpStream, sandbox: Sandbox, stopping: CancellationToken) {
    // Without it a small response can wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY is not set");
    }
    let service = service_fn(|request| handle(&sandbox, request));
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn handle(sandbox: &Sandbox, request: Request<Incoming>) -> Result<Response<Payload>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        let reply = Reply::new(StatusCode::PAYLOAD_TOO_LARGE.as_u16(), "text/plain", "413");
        return Ok(response(reply, None));
    };
    let body = body.to_bytes();
    if let Some(endpoint) = head.uri.path().strip_prefix(control::PREFIX) {
        return Ok(response(
            control::handle(sandbox, &head.method, endpoint, &body),
            None,
        ));
    }
    let asked = request::read(&Parts {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body,
    });
    let host = head
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    match exchange::answer(sandbox, asked, host).await {
        Outcome::Whole(reply) => Ok(response(reply, None)),
        Outcome::Broken(reply, announced) => Ok(response(reply, Some(announced))),
        Outcome::Dropped => Err(Dropped),
    }
}

/// The HTTP response to a reply; with `announced` it breaks off short of that length.
fn response(reply: Reply, announced: Option<u64>) -> Response<Payload> {
    let Reply {
        status,
        content_type,
        attachment,
        powered_by,
        retry_after,
        body,
    } = reply;
    let mut response = Response::new(Payload::new(body.into(), announced));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if attachment {
        let file = HeaderValue::from_static("attachment;filename=CustomerExtension.csv");
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    if powered_by {
        let name = HeaderName::from_static("x-powered-by");
        headers.insert(name, HeaderValue::from_static("ServiceStack/3.960 Unix/Mono"));
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The connection ends without (the rest of) a response. An error only to hyper, which then closes it.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// A response body: one piece, after which it ends or breaks.
#[derive(Debug)]
struct Payload {
    piece: Option<Bytes>,
    /// What `Content-Length` says is to come.
    announced: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sound,
    /// Breaks at the poll after the next, so that hyper has written out what it has.
    Flush,
    Break,
}

impl Payload {
    fn new(body: Bytes, announced: Option<u64>) -> Self {
        let (announced, end) = match announced {
            Some(announced) => (announced, End::Flush),
            None => (body.len() as u64, End::Sound),
        };
        Self {
            piece: Some(body).filter(|body| !body.is_empty()),
            announced,
            end,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if let Some(piece) = self.piece.take() {
            self.announced = self.announced.saturating_sub(piece.len() as u64);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.end {
            End::Sound => Poll::Ready(None),
            End::Flush => {
                self.end = End::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(Dropped))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_none() && self.end == End::Sound
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
