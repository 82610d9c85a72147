//! A bound for the spans that wait to be sent, and a count of those that are not.
//!
//! The SDK drops spans too, and tells of the first in the log. Here they are counted: what finds the queue full, and what the
//! collector does not take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::metrics::{BoundCounter, Meter};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tracing::warn;

use crate::telemetry::names::{label, metric};

/// How many spans wait, and what is not sent. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    waiting: Arc<AtomicUsize>,
    limit: usize,
    queue_full: BoundCounter<u64>,
    not_taken: BoundCounter<u64>,
}

/// Hands spans to a processor that has room for them.
#[derive(Debug)]
pub(super) struct Counted<P> {
    inner: P,
    pending: Pending,
}

/// Exports spans that have waited.
#[derive(Debug)]
pub(super) struct Exporting<E> {
    inner: E,
    pending: Pending,
}

// === impl Pending ===

impl Pending {
    /// At most so many wait.
    pub(super) fn new(limit: usize, meter: &Meter) -> Self {
        let dropped = meter
            .u64_counter(metric::SPANS_DROPPED)
            .with_description("Spans that were not sent, by why.")
            .build();
        Self {
            waiting: Arc::default(),
            limit,
            queue_full: dropped.bind(&[KeyValue::new(label::REASON, "queue_full")]),
            not_taken: dropped.bind(&[KeyValue::new(label::REASON, "not_taken")]),
        }
    }

    /// `exporter`, whose spans have waited here.
    pub(super) fn around<E>(&self, exporter: E) -> Exporting<E> {
        Exporting {
            inner: exporter,
            pending: self.clone(),
        }
    }

    /// Whether there is room for one more, which is taken.
    fn takes_one(&self) -> bool {
        let taken = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < self.limit).then_some(waiting + 1)
            });
        taken.is_ok()
    }
}

// === impl Counted ===

impl<P> Counted<P> {
    pub(super) fn new(inner: P, pending: Pending) -> Self {
        Self { inner, pending }
    }
}

impl<P: SpanProcessor> SpanProcessor for Counted<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        // Others come here too, and are not sent.
        if !span.span_context.is_sampled() {
            return;
        }
        if self.pending.takes_one() {
            self.inner.on_end(span);
        } else {
            self.pending.queue_full.add(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

// === impl Exporting ===

impl<E: SpanExporter> SpanExporter for Exporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.inner.export(batch).await;
        self.pending.waiting.fetch_sub(spans, Ordering::Relaxed);
        if let Err(error) = &exported {
            warn!(%error, spans, "the collector does not take spans");
            self.pending
                .not_taken
                .add(u64::try_from(spans).unwrap_or(u64::MAX));
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
