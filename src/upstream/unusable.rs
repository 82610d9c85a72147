//! Counts answers that are not what the service answers: they came, and nothing can be made of them.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, Meter};

use super::error::{Error, Kind};
use crate::telemetry::names::{label, metric};

/// What can be wrong with them.
const KINDS: [Kind; 9] = [
    Kind::NotHttp,
    Kind::UnexpectedStatus,
    Kind::Empty,
    Kind::NotCsv,
    Kind::Undecodable,
    Kind::ColumnMissing,
    Kind::WrongCustomer,
    Kind::WrongRecord,
    Kind::TooLarge,
];

/// The counters. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Unusable(Arc<[(Kind, BoundCounter<u64>)]>);

impl Unusable {
    /// Counters of `meter`.
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = meter
            .u64_counter(metric::UNUSABLE)
            .with_description("Answers of the upstream that nothing can be made of, by what is wrong.")
            .build();
        let of = |kind: Kind| {
            let bound = counter.bind(&[KeyValue::new(label::ERROR_TYPE, kind.error_type())]);
            // What is there from the start can be seen to rise.
            bound.add(0);
            (kind, bound)
        };
        Self(KINDS.map(of).into())
    }

    /// Counts `error`, if it is of such an answer.
    pub(super) fn count(&self, error: &Error) {
        let Self(counters) = self;
        let kind = error.kind();
        if let Some((_, counter)) = counters.iter().find(|(of, _)| *of == kind) {
            counter.add(1);
        }
    }
}
