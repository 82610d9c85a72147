//! One span and one record per attempt, with the template of the URL and never the URL: that may hold the licence.
//!
//! They tell how the exchange ended, also if its caller left. They do not tell whether the answer can be decoded.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Span, debug_span};

use super::metrics::{Attempted, Metrics, Status};
use crate::telemetry::UnderWay;
use crate::upstream::{Error, Exchange};

/// Makes [`Attempt`].
#[derive(Clone, Debug)]
pub(super) struct AttemptLayer(pub(super) Arc<Metrics>);

/// Tells how each exchange of `inner` ended.
#[derive(Clone, Debug)]
pub(super) struct Attempt<S> {
    inner: S,
    metrics: Arc<Metrics>,
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

/// An attempt whose end is to be told. If it is dropped before that, the attempt was abandoned.
#[derive(Debug)]
struct Open {
    span: Span,
    template: &'static str,
    since: Instant,
    metrics: Arc<Metrics>,
    has_ended: bool,
    _asking: UnderWay,
}

// === impl AttemptLayer ===

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempt<S>;

    fn layer(&self, inner: S) -> Attempt<S> {
        let Self(metrics) = self;
        let metrics = metrics.clone();
        Attempt { inner, metrics }
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
        let open = Open {
            template: exchange.template,
            since: Instant::now(),
            metrics: self.metrics.clone(),
            has_ended: false,
            _asking: exchange.asking.begin(),
            span,
        };
        let inner = open.span.in_scope(|| self.inner.call(exchange));
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
        match answer {
            Ok(answer) => {
                self.span.record("http.response.body.size", answer.body().len());
                self.tell(Some(answer.status()), None);
            }
            Err(error) => {
                let status = match error {
                    Error::Status { status, .. } => Some(*status),
                    _ => None,
                };
                self.tell(status, Some(error.kind().error_type()));
            }
        }
    }

    fn tell(&mut self, status: Option<StatusCode>, error_type: Option<&'static str>) {
        self.has_ended = true;
        if let Some(status) = status {
            self.span.record("http.response.status_code", status.as_u16());
        }
        if let Some(error_type) = error_type {
            self.span.record("error.type", error_type);
        }
        let attempted = Attempted {
            template: self.template,
            status: status.map(Status::from),
            error_type,
        };
        self.metrics.attempted(attempted, self.since.elapsed());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.has_ended {
            self.tell(None, Some("cancelled"));
        }
    }
}
