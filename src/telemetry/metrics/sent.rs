//! What a collector does not take is told in the log: the SDK says nothing of it.

use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use tracing::warn;

/// Exports, and warns when nobody takes it.
#[derive(Debug)]
pub(super) struct Sent<E>(pub(super) E);

impl<E: PushMetricExporter> PushMetricExporter for Sent<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let Self(inner) = self;
        let exported = inner.export(metrics).await;
        if let Err(error) = &exported {
            warn!(%error, "the collector does not take metrics; they are shown at /metrics all the same");
        }
        exported
    }

    fn force_flush(&self) -> OTelSdkResult {
        let Self(inner) = self;
        inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let Self(inner) = self;
        inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        let Self(inner) = self;
        inner.temporality()
    }
}
