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
use crate::telemetry::names::{attribute, label};
use crate::telemetry::{TraceContext, UnderWay, traces};
use crate::upstream::{Error, Exchange, Lane};

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
        let span = match exchange.lane {
            Lane::Call | Lane::Change | Lane::Look => span(&exchange),
            // For nobody, or for all who watch.
            Lane::Poll | Lane::Probe => traces::root(None, || span(&exchange)),
        };
        // Written for each attempt, because in a trace it is the attempt that has an id.
        if let Some(trace) =
            TraceContext::of(&span, exchange.trace.as_ref()).or_else(|| exchange.trace.clone())
        {
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
    // Numbers are signed in traces: others would be text there.
    let resend_count = Some(i64::from(exchange.resend_count)).filter(|count| *count > 0);
    let uri = exchange.request.uri();
    debug_span!(
        "upstream",
        { attribute::KIND } = "client",
        { attribute::NAME } = format_args!("{method} {template}"),
        { label::OPERATION } = exchange.operation,
        { attribute::HTTP_METHOD } = method.as_str(),
        { attribute::RESEND_COUNT } = resend_count,
        { label::URL_TEMPLATE } = template,
        { attribute::SERVER_ADDRESS } = uri.host(),
        { attribute::SERVER_PORT } = uri.port_u16().map(i64::from),
        { label::HTTP_STATUS } = Empty,
        { attribute::BODY_SIZE } = Empty,
        { label::ERROR_TYPE } = Empty,
        { attribute::STATUS } = Empty,
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
                let size = i64::try_from(answer.body().len()).unwrap_or(i64::MAX);
                self.span.record(attribute::BODY_SIZE, size);
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
            self.span.record(label::HTTP_STATUS, i64::from(status.as_u16()));
        }
        if let Some(error_type) = error_type {
            self.span.record(label::ERROR_TYPE, error_type);
            self.span.record(attribute::STATUS, "error");
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
