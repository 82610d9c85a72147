//! Tells how each RPC ended, as a value, exactly once.
//!
//! ```text
//!   call ──▶ ResponseFuture ──▶ ResponseBody ──▶ Ended ──▶ the observer
//!                   └── dropped, failed ──┴──────────▲
//! ```
//!
//! A gRPC answer ends with its trailers, after the body, so the body is wrapped and watched. What is told is an
//! [`Ended`]: of which method, with which code, after how long, and [`How`]. An observer, such as [`log()`], is a function
//! of it.
//!
//! A path is the caller's text, so it is not told: only a method of [`Methods`], or `_OTHER`.

mod access;
mod answer;
mod body;
mod code;
mod ended;
mod future;
mod log;
mod methods;
mod metrics;
mod origin;
mod rpc;

use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response};
use http_body::Body;
use tower::{Layer, Service};

pub use self::access::AccessLog;
pub use self::body::ResponseBody;
use self::ended::Observe;
pub use self::ended::{Ended, How};
pub use self::future::ResponseFuture;
pub use self::log::log;
pub use self::methods::Methods;
pub use self::metrics::Metrics;
pub use self::origin::{Origin, Peer};
use self::rpc::Rpc;
use crate::telemetry::{AskingTime, TraceContext, traces};

/// Makes [`Outcome`].
#[derive(Clone, Debug)]
pub struct OutcomeLayer {
    methods: Methods,
    observe: Observe,
}

/// Tells how each RPC of `inner` ended.
#[derive(Clone, Debug)]
pub struct Outcome<S> {
    inner: S,
    methods: Methods,
    observe: Observe,
}

// === impl OutcomeLayer ===

impl OutcomeLayer {
    /// Tells `observe` of the end of each RPC, once, in the span of that RPC. An end is often told while something is
    /// dropped, so `observe` must neither block nor panic.
    pub fn new(methods: Methods, observe: impl Fn(&Ended) + Send + Sync + 'static) -> Self {
        Self {
            methods,
            observe: Observe::new(observe),
        }
    }
}

impl<S> Layer<S> for OutcomeLayer {
    type Service = Outcome<S>;

    fn layer(&self, inner: S) -> Outcome<S> {
        Outcome {
            inner,
            methods: self.methods.clone(),
            observe: self.observe.clone(),
        }
    }
}

// === impl Outcome ===

impl<S, Q, B> Service<Request<Q>> for Outcome<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let method = self.methods.of_path(request.uri().path());
        let caller = TraceContext::read(request.headers());
        let origin = Origin::of(&request, caller.as_ref());
        let previous_attempts = previous_attempts(request.headers());
        let span = traces::root(caller.as_ref(), || log::span(&method, previous_attempts));
        // Whoever asks the upstream for this RPC finds it here.
        let asking = AskingTime::default();
        request.extensions_mut().insert(asking.clone());
        let mut rpc = Rpc::begin(method, origin, span, asking, self.observe.clone());
        let inner = rpc.during(|| self.inner.call(request));
        ResponseFuture::new(inner, rpc)
    }
}

/// How many attempts a client's retry policy has made before this one (gRPC A6). What is no number says nothing.
fn previous_attempts(headers: &HeaderMap) -> Option<u32> {
    let attempts = headers.get("grpc-previous-rpc-attempts")?;
    attempts.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
