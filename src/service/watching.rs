//! Adds `ActiveCalls` to the generated server.
//!
//! Its answer is the body of a [`Watcher`]: frames that are encoded once and shared. Generated code would take messages
//! and encode each of them for each stream. So this service answers that one path itself, and passes on all others.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use prost::Message as _;
use tonic::server::NamedService;
use tonic::{Code, Status, body};
use tower::Service;

use super::watch_body::WatchBody;
use super::{active_calls, to_status};
use crate::caller::{Caller, Callers};
use crate::proto::v1::ActiveCallsRequest;
use crate::status;
use crate::upstream::Transport;
use crate::watch::{Hub, Watcher};

const PATH: &str = "/porta.customerextension.v1.CustomerExtensionService/ActiveCalls";

/// The largest request, with a token and product ids, is far smaller.
const MAX_REQUEST: usize = 64 * 1024;

/// The prefix of a gRPC message: a flag for compression and the length.
const PREFIX: usize = 5;

/// The generated server `S` and `ActiveCalls`.
#[derive(Clone, Debug)]
pub struct Watching<S> {
    inner: S,
    hub: Hub,
    callers: Callers,
    transport: Transport,
}

impl<S> Watching<S> {
    /// Serves `ActiveCalls` from `hub`, everything else from `inner`.
    pub fn new(inner: S, hub: Hub, callers: Callers, transport: Transport) -> Self {
        Self {
            inner,
            hub,
            callers,
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
        let caller = self.callers.of(request.headers());
        Box::pin(async move {
            Ok(match watch(&hub, transport, &caller, request).await {
                Ok(watcher) => {
                    let mut response = Response::new(body::Body::new(WatchBody::new(watcher)));
                    let grpc = HeaderValue::from_static("application/grpc");
                    response.headers_mut().insert(CONTENT_TYPE, grpc);
                    response
                }
                Err(status) => status.into_http(),
            })
        })
    }
}

async fn watch<B>(
    hub: &Hub,
    transport: Transport,
    caller: &Caller,
    request: Request<B>,
) -> Result<Watcher, Status>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Err(status::unsupported_request());
    }
    let body = Limited::new(body, MAX_REQUEST).collect().await;
    let body = body.map_err(|error| unreadable(&*error))?;
    let message = decode(body.to_bytes())?;
    let opened = active_calls::call(hub, transport, caller, message).await;
    opened.map_err(to_status)
}

/// The status of a request that cannot be read to its end.
fn unreadable(error: &(dyn std::error::Error + 'static)) -> Status {
    match error.downcast_ref::<Status>() {
        Some(status) if status.code() == Code::DeadlineExceeded => status::slow_request(),
        _ => status::malformed_request(),
    }
}

/// The one message of a request without compression.
fn decode(mut body: Bytes) -> Result<ActiveCallsRequest, Status> {
    if body.len() < PREFIX {
        return Err(status::malformed_request());
    }
    let compressed = body.get_u8() != 0;
    let len = body.get_u32();
    if compressed {
        return Err(status::unsupported_request());
    }
    if usize::try_from(len) != Ok(body.len()) {
        return Err(status::malformed_request());
    }
    ActiveCallsRequest::decode(body).map_err(|_| status::malformed_request())
}

#[cfg(test)]
mod tests {
    use super::*;

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
