//! The metrics of RPCs: an observer for [`OutcomeLayer`](super::OutcomeLayer).

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram, Meter};
use tonic::Code;

use super::code::name;
use super::ended::Ended;
use crate::telemetry::metrics::{Bound, SECONDS};
use crate::telemetry::names::{label, metric};

/// Counts how RPCs end.
#[derive(Debug)]
pub struct Metrics {
    duration: Histogram<f64>,
    by_end: Bound<(Arc<str>, Code), BoundHistogram<f64>>,
    overhead: Histogram<f64>,
    by_method: Bound<Arc<str>, BoundHistogram<f64>>,
}

impl Metrics {
    /// Instruments of `meter`, in which nothing is counted yet.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let seconds = |name, description| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        Self {
            duration: seconds(metric::RPC_DURATION, "From the call of an RPC to its end."),
            by_end: Bound::default(),
            overhead: seconds(
                metric::OVERHEAD,
                "The time of an RPC that asked the upstream, less the time that the upstream took.",
            ),
            by_method: Bound::default(),
        }
    }

    /// An RPC has ended.
    pub fn record(&self, ended: &Ended) {
        let Ended {
            method,
            code,
            elapsed,
            upstream,
            how: _,
            origin: _,
        } = ended;
        self.by_end.record(
            (method.clone(), *code),
            |(method, code)| {
                self.duration.bind(&[
                    KeyValue::new(label::RPC_METHOD, method.clone()),
                    KeyValue::new(label::RPC_STATUS, name(*code)),
                ])
            },
            |duration| duration.record(elapsed.as_secs_f64()),
        );
        if let Some(upstream) = upstream {
            self.by_method.record(
                method.clone(),
                |method| {
                    self.overhead
                        .bind(&[KeyValue::new(label::RPC_METHOD, method.clone())])
                },
                |overhead| overhead.record(elapsed.saturating_sub(*upstream).as_secs_f64()),
            );
        }
    }
}
