//! The metrics of exchanges.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Histogram, Meter};

use crate::telemetry::metrics::{Bound, SECONDS};
use crate::telemetry::names::{OTHER, label, metric};
use crate::upstream::operation::{
    GetFilteringData, ListActiveCalls, ListExtensions, ListOnlineAccounts, ListUnavailableExtensions,
    Operation as _,
};

/// The failures after which attempts are made again.
const RETRIED: [&str; 5] = [
    "unreachable",
    "interrupted",
    "unavailable",
    "elapsed",
    "rate_limited",
];

/// The operations that can be joined.
const READS: [&str; 5] = [
    ListExtensions::NAME,
    ListUnavailableExtensions::NAME,
    GetFilteringData::NAME,
    ListOnlineAccounts::NAME,
    ListActiveCalls::NAME,
];

/// Counts what becomes of exchanges.
#[derive(Debug)]
pub(super) struct Metrics {
    attempts: Histogram<f64>,
    by_attempt: Bound<Attempted, BoundHistogram<f64>>,
    retries: Counter<u64>,
    coalesced: Counter<u64>,
    by_operation: Bound<&'static str, BoundCounter<u64>>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempted {
    /// The request's URL without its values.
    pub(super) template: &'static str,
    /// The status, if one was answered.
    pub(super) status: Option<Status>,
    /// How it failed, if it did.
    pub(super) error_type: Option<&'static str>,
}

/// The status of an answer, as far as it has a meaning here: whatever answers may invent any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Known(u16),
    Other,
}

// === impl Metrics ===

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            attempts: meter
                .f64_histogram(metric::ATTEMPT_DURATION)
                .with_unit("s")
                .with_description(
                    "From the start of an attempt at the upstream to the last byte of its answer.",
                )
                .with_boundaries(SECONDS.to_vec())
                .build(),
            by_attempt: Bound::default(),
            retries: meter
                .u64_counter(metric::RETRIES)
                .with_description("Attempts that were made again, by how the one before failed.")
                .build(),
            coalesced: meter
                .u64_counter(metric::COALESCED)
                .with_description("Reads that joined one in flight that asked the same.")
                .build(),
            by_operation: Bound::default(),
        };
        // What is there from the start can be seen to rise.
        for reason in RETRIED {
            metrics.retries.add(0, &[KeyValue::new(label::REASON, reason)]);
        }
        for operation in READS {
            metrics
                .coalesced
                .add(0, &[KeyValue::new(label::OPERATION, operation)]);
        }
        metrics
    }

    /// An attempt has ended.
    pub(super) fn attempted(&self, attempted: Attempted, took: Duration) {
        let bind = |attempted: &Attempted| self.attempts.bind(&attempted.labels());
        let record = |histogram: &BoundHistogram<f64>| histogram.record(took.as_secs_f64());
        self.by_attempt.record(attempted, bind, record);
    }

    /// An attempt is made again, as the one before failed so.
    pub(super) fn retried(&self, error_type: &'static str) {
        self.retries.add(1, &[KeyValue::new(label::REASON, error_type)]);
    }

    /// A read has joined another.
    pub(super) fn coalesced(&self, operation: &'static str) {
        self.by_operation.record(
            operation,
            |operation| {
                let operation = KeyValue::new(label::OPERATION, *operation);
                self.coalesced.bind(&[operation])
            },
            |counter| counter.add(1),
        );
    }
}

// === impl Attempted ===

impl Attempted {
    /// What is not there has no label.
    fn labels(&self) -> Vec<KeyValue> {
        let Self {
            template,
            status,
            error_type,
        } = *self;
        let status = status.map(|status| match status {
            Status::Known(code) => KeyValue::new(label::HTTP_STATUS, i64::from(code)),
            Status::Other => KeyValue::new(label::HTTP_STATUS, OTHER),
        });
        let error_type = error_type.map(|error_type| KeyValue::new(label::ERROR_TYPE, error_type));
        let template = KeyValue::new(label::URL_TEMPLATE, template);
        [Some(template), status, error_type]
            .into_iter()
            .flatten()
            .collect()
    }
}

// === impl Status ===

impl From<http::StatusCode> for Status {
    fn from(status: http::StatusCode) -> Self {
        match status.as_u16() {
            code @ (200 | 201 | 204 | 206 | 301 | 302 | 304 | 307 | 308 | 400 | 401 | 403 | 404 | 405
            | 408 | 409 | 413 | 414 | 429 | 431 | 500 | 501 | 502 | 503 | 504) => Self::Known(code),
            _ => Self::Other,
        }
    }
}
