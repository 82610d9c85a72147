//! Traces: spans, sent to a collector.
//!
//! ```text
//!   spans of this program ──▶ kept? ──▶ a bounded queue ──▶ a thread ──▶ OTLP
//!                                              └─ full, or not taken: dropped, counted
//! ```
//!
//! Only spans that this program makes itself are sent, and none of the log's lines. Whoever makes a span never waits.

mod counted;
mod kept;
mod recent;
mod sampling;

use opentelemetry::metrics::Meter;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanExporter as Export, SpanProcessor,
};
use tokio::task::spawn_blocking;
use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use self::counted::{Counted, Pending};
pub use self::kept::root;
use self::kept::{Kept, Wanted};
pub use self::recent::Recent;
pub use self::sampling::{Sampling, UnknownSampling};
use super::collector::{Collector, LAST, resource};

/// How many spans may wait to be sent.
const QUEUE: usize = 4096;

/// The traces of a process. They are lost without [`Traces::stop`].
#[derive(Clone, Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    sampling: Sampling,
}

impl Traces {
    /// Sends what `sampling` chooses to `collector`. What is dropped is counted by `meter`.
    ///
    /// # Errors
    ///
    /// If its endpoint is no URL, or its authorities are none.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn to(collector: &Collector, sampling: Sampling, meter: &Meter) -> Result<Self, ExporterBuildError> {
        let exporter = collector.of(SpanExporter::builder().with_tonic()).build()?;
        Ok(Self::exporting(exporter, sampling, meter))
    }

    /// Hands what `sampling` chooses to `exporter`.
    pub fn exporting(exporter: impl Export + 'static, sampling: Sampling, meter: &Meter) -> Self {
        let pending = Pending::new(QUEUE, meter);
        // What is taken in has room there: it was counted before.
        let batch = BatchConfigBuilder::default()
            .with_max_queue_size(2 * QUEUE)
            .build();
        let batches = BatchSpanProcessor::builder(pending.around(exporter))
            .with_batch_config(batch)
            .build();
        Self::processed_by(Counted::new(batches, pending), sampling)
    }

    /// Keeps the last of what `sampling` chooses, to be looked at.
    #[must_use]
    pub fn shown(sampling: Sampling) -> (Self, Recent) {
        let recent = Recent::default();
        (Self::processed_by(recent.clone(), sampling), recent)
    }

    fn processed_by(processor: impl SpanProcessor + 'static, sampling: Sampling) -> Self {
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_resource(resource())
            // What is not kept does not come here.
            .with_sampler(Sampler::AlwaysOn)
            .build();
        Self { provider, sampling }
    }

    /// What spans come by into the traces.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Kept(self.sampling))
    }

    /// What turns away spans that neither the traces want nor a log that tells of nothing beyond `log`. It goes around all other
    /// layers.
    #[must_use]
    pub fn gate<S>(&self, log: LevelFilter) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let sampling = self.sampling;
        Wanted { sampling, log }
    }

    /// Sends what waits, for some seconds at most. What comes later is lost.
    pub async fn stop(&self) {
        let provider = self.provider.clone();
        // It blocks until the collector has answered, which this runtime's threads may have to read.
        let stopped = spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        if let Ok(Err(error)) = stopped.await {
            warn!(%error, "the last spans could not be sent");
        }
    }
}
