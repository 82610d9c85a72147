//! One span per attempt, with the template of the URL and never the URL: that may hold the licence.
//!
//! The span tells how the exchange ended, also if its caller left. It does not tell whether the answer can be decoded.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Span, debug_span};

use crate::upstream::{Error, Exchange};

/// Makes [`Attempt`].
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptLayer;

/// Gives each exchange of `inner` a span, which tells how it ended.
#[derive(Clone, Debug)]
pub(super) struct Attempt<S> {
    inner: S,
}

pin_project! {
    /// The future of [`Attempt`].
    #[derive(Debug)]
    pub(super) struct ResponseFuture<F> {
        #[pin]
        inner: F,
        open: Open,
    }
}

/// The span of an attempt. If it is dropped before the attempt has ended, the attempt was abandoned.
#[derive(Debug)]
struct Open {
    span: Span,
    has_ended: bool,
}

// === impl AttemptLayer ===

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempt<S>;

    fn layer(&self, inner: S) -> Attempt<S> {
        Attempt { inner }
    }
}

// === impl Attempt ===

impl<S> Service<Exchange> for Attempt<S>
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error>,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut exchange: Exchange) -> Self::Future {
        let span = span(&exchange);
        // Written for each attempt, because in a trace it is the attempt that has an id.
        if let Some(trace) = &exchange.trace {
            trace.write(exchange.request.headers_mut());
        }
        let inner = span.in_scope(|| self.inner.call(exchange));
        let open = Open {
            span,
            has_ended: false,
        };
        ResponseFuture { inner, open }
    }
}

fn span(exchange: &Exchange) -> Span {
    let (method, template) = (exchange.request.method(), exchange.template);
    let resend_count = Some(exchange.resend_count).filter(|count| *count > 0);
    debug_span!(
        "upstream",
        otel.kind = "client",
        otel.name = format_args!("{method} {template}"),
        operation = exchange.operation,
        http.request.method = %method,
        http.request.resend_count = resend_count,
        url.template = template,
        http.response.status_code = Empty,
        http.response.body.size = Empty,
        error.r#type = Empty,
    )
}

// === impl ResponseFuture ===

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<Bytes>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.open.span.enter();
        let answer = ready!(this.inner.poll(cx));
        drop(entered);
        this.open.end(&answer);
        Poll::Ready(answer)
    }
}

// === impl Open ===

impl Open {
    fn end(&mut self, answer: &Result<Response<Bytes>, Error>) {
        self.has_ended = true;
        let status = match answer {
            Ok(answer) => {
                self.span.record("http.response.body.size", answer.body().len());
                Some(answer.status())
            }
            Err(error) => {
                self.span.record("error.type", error.kind().error_type());
                match error {
                    Error::Status { status, .. } => Some(*status),
                    _ => None,
                }
            }
        };
        if let Some(status) = status {
            self.span.record("http.response.status_code", status.as_u16());
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("error.type", "cancelled");
        }
    }
}
