//! The metrics of admission.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, Meter};
use tokio::sync::Semaphore;

use crate::telemetry::names::{label, metric};

/// Counts RPCs that were shed. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    in_flight: BoundCounter<u64>,
    unread: BoundCounter<u64>,
}

/// Why an RPC was shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shed {
    /// There are as many as there may be.
    InFlight,
    /// Too much of the answers waits to be read.
    Unread,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let shed = meter
            .u64_counter(metric::SHED)
            .with_description("RPCs that were refused with OVERLOADED, by what there was too much of.")
            .build();
        Self {
            in_flight: shed.bind(&[KeyValue::new(label::REASON, "in_flight")]),
            unread: shed.bind(&[KeyValue::new(label::REASON, "unread")]),
        }
    }

    pub(super) fn shed(&self, why: Shed) {
        match why {
            Shed::InFlight => self.in_flight.add(1),
            Shed::Unread => self.unread.add(1),
        }
    }
}

/// Has `meter` show how many of so many places are taken.
pub(super) fn show_in_flight(places: Arc<Semaphore>, all: usize, meter: &Meter) {
    meter
        .u64_observable_gauge(metric::IN_FLIGHT)
        .with_description(
            "RPCs in flight that count against --max-in-flight: all but watches, health and reflection.",
        )
        .with_callback(move |gauge| {
            let taken = all.saturating_sub(places.available_permits());
            gauge.observe(u64::try_from(taken).unwrap_or(u64::MAX), &[]);
        })
        .build();
}
