//! The metrics of changes.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

use crate::telemetry::names::{label, metric};
use crate::upstream::operation::{
    AddExtension, AddExtensionGetIdentity, DeleteExtension, Operation as _, UpdateExtension,
};

/// The changes that are counted.
const OPERATIONS: [&str; 4] = [
    AddExtension::NAME,
    AddExtensionGetIdentity::NAME,
    UpdateExtension::NAME,
    DeleteExtension::NAME,
];

/// Counts changes. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    changes: Counter<u64>,
}

/// How a change ended, as the log and the metric name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The upstream has made it.
    Ok,
    /// The upstream has refused it.
    Refused,
    /// Its answer was lost, and it was seen to have happened.
    Settled,
    /// Its answer was lost, and nothing is known.
    Unknown,
    /// It was not sent, as it has the id of one that was.
    Deduplicated,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let changes = meter
            .u64_counter(metric::CHANGES)
            .with_description(
                "Changes that were sent, by how they ended, and those that were answered without.",
            )
            .build();
        let metrics = Self { changes };
        // What is there from the start can be seen to rise.
        for operation in OPERATIONS {
            for outcome in Outcome::ALL {
                metrics.count(0, operation, outcome);
            }
        }
        metrics
    }

    /// A change has ended.
    pub(super) fn ended(&self, operation: &'static str, outcome: Outcome) {
        self.count(1, operation, outcome);
    }

    fn count(&self, more: u64, operation: &'static str, outcome: Outcome) {
        let operation = KeyValue::new(label::OPERATION, operation);
        let outcome = KeyValue::new(label::OUTCOME, outcome.name());
        self.changes.add(more, &[operation, outcome]);
    }
}

impl Outcome {
    const ALL: [Self; 5] = [
        Self::Ok,
        Self::Refused,
        Self::Settled,
        Self::Unknown,
        Self::Deduplicated,
    ];

    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Settled => "settled",
            Self::Unknown => "unknown",
            Self::Deduplicated => "deduplicated",
        }
    }
}
