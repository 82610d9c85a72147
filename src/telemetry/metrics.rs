//! The metrics of a process: instruments, and the page that Prometheus reads.
//!
//! ```text
//!   modules ──▶ instruments of a meter ──▶ provider ──▶ registry ──▶ /metrics
//!                                             └─ each minute, if there is a collector ──▶ OTLP
//! ```
//!
//! Each module makes its own instruments of the [`Meter`] that it is handed; there is no global one. Their names are in
//! [`names`](super::names).

mod bound;
mod sent;

use opentelemetry::metrics::{Meter, MeterProvider as _, NoopMeterProvider};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, SdkMeterProvider};
use prometheus::{Registry, TextEncoder};
use tokio::task::spawn_blocking;
use tracing::warn;

pub(crate) use self::bound::Bound;
use self::sent::Sent;
use super::collector::{Collector, LAST, resource};
use super::names::{label, metric};

/// The bounds of histograms, in seconds: from what a call costs the gateway to what a caller waits at most.
pub(crate) const SECONDS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0, 30.0,
];

/// The metrics of a process.
#[derive(Clone, Debug)]
pub struct Metrics {
    provider: SdkMeterProvider,
    registry: Registry,
}

impl Default for Metrics {
    /// Metrics in which nothing is counted yet, with the version of this program.
    fn default() -> Self {
        Self::read_by(SdkMeterProvider::builder())
    }
}

impl Metrics {
    /// Metrics that `collector` is sent too: each minute, or as `OTEL_METRIC_EXPORT_INTERVAL` says.
    ///
    /// # Errors
    ///
    /// If its endpoint is no URL, or its authorities are none.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn sent_to(collector: &Collector) -> Result<Self, ExporterBuildError> {
        let exporter = collector.of(MetricExporter::builder().with_tonic()).build()?;
        let reader = PeriodicReader::builder(Sent(exporter)).build();
        Ok(Self::read_by(SdkMeterProvider::builder().with_reader(reader)))
    }

    /// Metrics that those read who are in `readers`, and the page.
    fn read_by(readers: MeterProviderBuilder) -> Self {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build()
            .expect("a registry of its own takes its only collector");
        let provider = readers.with_reader(reader).with_resource(resource()).build();
        let metrics = Self { provider, registry };
        let version = [KeyValue::new(label::VERSION, env!("CARGO_PKG_VERSION"))];
        metrics
            .meter()
            .u64_observable_gauge(metric::BUILD_INFO)
            .with_description("1, with the version of this program.")
            .with_callback(move |gauge| gauge.observe(1, &version))
            .build();
        metrics
    }

    /// What instruments are made of.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.provider.meter_with_scope(scope())
    }

    /// All metrics as they are now, in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// If they cannot be written as text, which is a defect.
    pub fn page(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Sends the collector the last of them, if there is one, for some seconds at most. Nothing is shown any more.
    pub async fn stop(&self) {
        let provider = self.provider.clone();
        // It blocks until the collector has answered, which this runtime's threads may have to read.
        let stopped = spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        if let Ok(Err(error)) = stopped.await {
            warn!(%error, "the last metrics could not be sent");
        }
    }
}

/// A meter whose instruments count for nobody.
#[must_use]
pub fn nowhere() -> Meter {
    NoopMeterProvider::new().meter_with_scope(scope())
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME")).build()
}
