//! Answers every RPC: `ActiveCalls` itself, the others through the generated server.
//!
//! The answer of `ActiveCalls` is the body of a [`Watcher`]: frames that are encoded once and shared. Generated code would
//! take messages and encode each of them for each stream. The requests of all RPCs are read in one way, so that what is
//! wrong with one has the same status whatever it asks for.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use tonic::server::NamedService;
use tonic::{Status, body};
use tower::Service;

use super::codec::decode;
use super::request::{self, Whole};
use super::watch_body::WatchBody;
use super::{active_calls, to_status};
use crate::caller::{Caller, Callers, Patience};
use crate::upstream::Transport;
use crate::watch::{Hub, Watcher};

const PATH: &str = "/porta.customerextension.v1.CustomerExtensionService/ActiveCalls";

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
    S: Service<Request<body::Body>, Response = Response<body::Body>, Error = Infallible>,
    S: Clone + Send + 'static,
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
        let spare = self.inner.clone();
        // The one that has said that it is ready is the one to call.
        let mut inner = std::mem::replace(&mut self.inner, spare);
        // Before the body is read: the caller's deadline counts from here.
        let is_watch = request.uri().path() == PATH;
        let patience = if is_watch {
            Patience::Unbounded
        } else {
            Patience::Bounded
        };
        let asking = request.extensions().get().cloned().unwrap_or_default();
        let caller = self.callers.of(request.headers(), patience, asking);
        let (hub, transport) = (self.hub.clone(), self.transport);
        Box::pin(async move {
            let (mut head, whole) = match request::read(request, caller.context.deadline).await {
                Ok(read) => read,
                Err(status) => return Ok(status.into_http()),
            };
            if is_watch {
                let watched = watch(&hub, transport, &caller, &whole).await;
                return Ok(watched.map_or_else(Status::into_http, answer));
            }
            head.extensions.insert(caller);
            inner.call(Request::from_parts(head, whole.into_body())).await
        })
    }
}

async fn watch(hub: &Hub, transport: Transport, caller: &Caller, whole: &Whole) -> Result<Watcher, Status> {
    let message = decode(whole.message())?;
    let opened = active_calls::call(hub, transport, caller, message).await;
    opened.map_err(to_status)
}

fn answer(watcher: Watcher) -> Response<body::Body> {
    let mut response = Response::new(body::Body::new(WatchBody::new(watcher)));
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    response
}
