//! The sandbox on the network: connections, bodies in, responses out.
//!
//! The request target reaches the router as it was sent: nothing is collapsed, decoded or re-encoded on the way.

use std::pin::pin;
use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::payload::{Dropped, Payload};
use super::control;
use super::exchange::{self, Delivery};
use super::handle::Sandbox;
use super::request::{self, Parts};
use super::respond::Reply;

mod payload;

/// The most a request's body may have. A form of the longest texts is far below it.
const MAX_BODY: usize = 64 << 10;

/// How long requests in flight may go on after the shutdown began.
const GRACE: Duration = Duration::from_secs(5);

/// The pause after a connection could not be accepted, which is mostly a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// See [`crate::sandbox::run`].
pub(super) async fn serve(listener: TcpListener, sandbox: Sandbox, shutdown: impl Future<Output = ()>) {
    let stopping = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task failed");
                }
            }
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
    // First no new connections, then no new requests; what is left after the grace is dropped.
    drop(listener);
    stopping.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::debug!("requests still in flight are dropped");
    }
}

async fn connection(stream: TcpStream, sandbox: Sandbox, stopping: CancellationToken) {
    // Without TCP_NODELAY a small response can wait for the acknowledgement of the one before.
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
    let traceparent = head.headers.get("traceparent");
    let traceparent = traceparent
        .and_then(|parent| parent.to_str().ok())
        .map(str::to_owned);
    match exchange::answer(sandbox, asked, host, traceparent).await {
        Delivery::Whole(reply) => Ok(response(reply, None)),
        Delivery::Broken(reply, announced) => Ok(response(reply, Some(announced))),
        Delivery::Dropped => Err(Dropped),
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
