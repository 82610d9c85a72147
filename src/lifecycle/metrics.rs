//! The metric of readiness.

use opentelemetry::metrics::Meter;

use super::readiness::{Readiness, State};
use crate::telemetry::names::metric;

/// Has `meter` show whether the gateway can serve.
pub fn show(readiness: Readiness, meter: &Meter) {
    meter
        .u64_observable_gauge(metric::UPSTREAM_READY)
        .with_description("1 while the upstream serves and the gateway is not stopping: what /readyz says.")
        .with_callback(move |gauge| gauge.observe(u64::from(readiness.state() == State::Ready), &[]))
        .build();
}
