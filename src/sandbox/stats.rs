//! What has arrived and what became of it, without the licence.
//!
//! It is bounded: counters by name, and the last requests. A request counts when it has been read; its outcome counts
//! when the response is handed to HTTP, so a client that gave up leaves a request without an outcome.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::operation::Operation;

/// The name under which requests without an operation are counted.
const NO_OPERATION: &str = "none";

/// What a sandbox has seen so far. The control endpoint's own requests do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All requests.
    pub requests: u64,
    /// By operation; `none` for those that named none.
    pub by_operation: BTreeMap<&'static str, u64>,
    /// By status, or by the trouble that took the place of a sound response.
    pub by_outcome: BTreeMap<String, u64>,
    /// The last requests, oldest first.
    pub recent: VecDeque<Seen>,
}

/// One request as the service understood it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The operation; `none` if it named none.
    pub operation: &'static str,
    /// The members that were set, by their names on the wire. Never the licence.
    pub members: BTreeMap<&'static str, String>,
    /// The trace that the request is part of, as it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Seen {
    pub(super) fn of(
        operation: Option<Operation>,
        members: BTreeMap<&'static str, String>,
        traceparent: Option<String>,
    ) -> Self {
        Self {
            operation: operation.map_or(NO_OPERATION, Operation::name),
            members,
            traceparent,
        }
    }
}

impl Stats {
    /// Counts a request; `keep` is how many are remembered in full.
    pub(super) fn arrived(&mut self, seen: Seen, keep: usize) {
        self.requests += 1;
        *self.by_operation.entry(seen.operation).or_default() += 1;
        self.recent.push_back(seen);
        while self.recent.len() > keep {
            self.recent.pop_front();
        }
    }

    /// Counts what became of a request.
    pub(super) fn ended(&mut self, outcome: String) {
        *self.by_outcome.entry(outcome).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_requests_are_remembered() {
        let mut stats = Stats::default();
        for customer in 0..5 {
            let members = BTreeMap::from([("ICustomer", customer.to_string())]);
            stats.arrived(Seen::of(Some(Operation::Extensions), members, None), 2);
        }
        assert_eq!((stats.requests, stats.by_operation["Extensions"]), (5, 5));
        let remembered: Vec<_> = stats
            .recent
            .iter()
            .map(|seen| seen.members["ICustomer"].as_str())
            .collect();
        assert_eq!(remembered, ["3", "4"]);
    }
}
