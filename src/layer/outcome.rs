//! Tells how each RPC ended: its status, how long it took, or that the caller left before the end.
//!
//! A gRPC answer ends with its trailers, after the body, so the body is wrapped and watched. The end is told exactly
//! once: with the trailers, with a status in the headers (an answer without body), or, if the body is dropped before
//! either, as cancelled. A span around it all carries the method; both exist at level `debug` only.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Span, debug, debug_span};

/// Makes [`Outcome`].
#[derive(Clone, Copy, Debug, Default)]
pub struct OutcomeLayer;

impl<S> Layer<S> for OutcomeLayer {
    type Service = Outcome<S>;

    fn layer(&self, inner: S) -> Outcome<S> {
        Outcome { inner }
    }
}

/// Tells how each RPC of `inner` ended.
#[derive(Clone, Debug)]
pub struct Outcome<S> {
    inner: S,
}

pin_project! {
    /// The future of [`Outcome`].
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        span: Span,
        // Taken with the answer.
        ending: Option<Ending>,
    }
}

pin_project! {
    /// The body of [`Outcome`]'s answers.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        ending: Ending,
    }
}

/// What is left to tell of one RPC; told when dropped at the latest.
#[derive(Debug)]
struct Ending {
    span: Span,
    started: Instant,
    told: bool,
}

// === impl Outcome ===

impl<S, Q, B> Service<Request<Q>> for Outcome<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let method = request.uri().path().trim_start_matches('/');
        let span = debug_span!(
            "rpc",
            otel.kind = "server",
            otel.name = method,
            rpc.system.name = "grpc",
            rpc.method = method,
            rpc.response.status_code = tracing::field::Empty,
        );
        let ending = Ending {
            span: span.clone(),
            started: Instant::now(),
            told: false,
        };
        let inner = span.in_scope(|| self.inner.call(request));
        ResponseFuture {
            inner,
            span,
            ending: Some(ending),
        }
    }
}

// === impl ResponseFuture ===

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        let result = ready!(this.inner.poll(cx));
        let Some(mut ending) = this.ending.take() else {
            return Poll::Pending;
        };
        Poll::Ready(result.map(|response| {
            ending.tell_if_in(response.headers());
            response.map(|inner| ResponseBody { inner, ending })
        }))
    }
}

// === impl ResponseBody ===

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let span = this.ending.span.clone();
        let _entered = span.enter();
        let frame = ready!(this.inner.poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.ending.tell_if_in(trailers);
                }
            }
            // The stack below failed: what the peer sees is a reset stream.
            Some(Err(_)) => this.ending.tell(Code::Internal),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// === impl Ending ===

impl Ending {
    fn tell_if_in(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.tell(status.code());
        }
    }

    fn tell(&mut self, code: Code) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let _entered = self.span.enter();
        self.span.record("rpc.response.status_code", name(code));
        debug!(
            rpc.response.status_code = name(code),
            elapsed_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "the RPC ended",
        );
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.told {
            let _entered = self.span.enter();
            self.span.record("rpc.response.status_code", "CANCELLED");
            debug!("the caller left before the end");
        }
    }
}

/// The name of a code as the gRPC specification writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests;
