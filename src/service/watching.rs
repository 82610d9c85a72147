//! Adds `ActiveCalls` to the generated server.
//!
//! Its answer is the body of a [`Watcher`]: frames that are encoded once and shared. Generated code would take messages
//! and encode each of them for each stream. So this service answers the one path itself, and passes every other on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use prost::Message as _;
use tokio::time::Instant;
use tonic::server::NamedService;
use tonic::{Status, body};
use tower::Service;

use super::{active_calls, to_status};
use crate::proto::v1::ActiveCallsRequest;
use crate::upstream::Transport;
use crate::watch::{Hub, Watcher};

const PATH: &str = "/porta.customerextension.v1.CustomerExtensionService/ActiveCalls";

/// The largest request: a token and product ids, far below.
const MAX_REQUEST: usize = 64 * 1024;

/// The prefix of a gRPC message: a flag for compression and the length.
const PREFIX: usize = 5;

/// The generated server `S` and `ActiveCalls`.
#[derive(Clone, Debug)]
pub struct Watching<S> {
    inner: S,
    hub: Hub,
    transport: Transport,
}

impl<S> Watching<S> {
    /// Serves `ActiveCalls` from `hub`, everything else from `inner`.
    pub fn new(inner: S, hub: Hub, transport: Transport) -> Self {
        Self {
            inner,
            hub,
            transport,
        }
    }
}

impl<S: NamedService> NamedService for Watching<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, B> Service<Request<B>> for Watching<S>
where
    S: Service<Request<B>, Response = Response<body::Body>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.uri().path() != PATH {
            return Box::pin(self.inner.call(request));
        }
        let (hub, transport) = (self.hub.clone(), self.transport);
        Box::pin(async move {
            Ok(match watch(&hub, transport, request).await {
                Ok(watcher) => {
                    let mut response = Response::new(body::Body::new(watcher));
                    let grpc = HeaderValue::from_static("application/grpc");
                    response.headers_mut().insert(CONTENT_TYPE, grpc);
                    response
                }
                Err(status) => status.into_http(),
            })
        })
    }
}

async fn watch<B>(hub: &Hub, transport: Transport, request: Request<B>) -> Result<Watcher, Status>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Err(Status::unimplemented("gRPC requests are POST"));
    }
    let deadline = timeout(&head.headers).and_then(|timeout| Instant::now().checked_add(timeout));
    let body = Limited::new(body, MAX_REQUEST).collect().await;
    let body =
        body.map_err(|_| Status::invalid_argument("the request did not arrive whole, or is too large"))?;
    let message = decode(body.to_bytes())?;
    let opened = active_calls::call(hub, transport, message, deadline).await;
    opened.map_err(to_status)
}

/// The one message of a request without compression.
fn decode(mut body: Bytes) -> Result<ActiveCallsRequest, Status> {
    if body.len() < PREFIX {
        return Err(Status::invalid_argument("the request holds no message"));
    }
    let compressed = body.get_u8() != 0;
    let len = body.get_u32();
    if compressed {
        return Err(Status::unimplemented("requests are not compressed"));
    }
    if usize::try_from(len) != Ok(body.len()) {
        return Err(Status::invalid_argument(
            "the request holds more or less than one message",
        ));
    }
    ActiveCallsRequest::decode(body)
        .map_err(|_| Status::invalid_argument("the request is not an ActiveCallsRequest"))
}

/// The caller's `grpc-timeout`: up to eight digits and a unit. What is no timeout is none, as elsewhere in the stack.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout_of(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        timeout(&headers)
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(timeout_of("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(timeout_of("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(timeout_of("250m"), Some(Duration::from_millis(250)));
        for odd in ["", "S", "1", "1s", "+1S", "123456789S", "1.5S", "S1"] {
            assert_eq!(timeout_of(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_request_is_one_message() {
        let message = ActiveCallsRequest {
            i_customer: 7,
            ..ActiveCallsRequest::default()
        };
        let mut body = vec![0, 0, 0, 0, 2];
        body.extend(message.encode_to_vec());
        assert_eq!(decode(Bytes::from(body.clone())).unwrap(), message);
        for odd in [
            &body[..4],
            &body[..6],
            &[&body[..], &[0]].concat(),
            &[&[1], &body[1..]].concat(),
        ] {
            assert!(decode(Bytes::copy_from_slice(odd)).is_err(), "{odd:?}");
        }
    }
}
