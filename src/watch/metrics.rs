//! The metrics of the watch.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Meter};
use tracing::Span;

use super::poller::Polled;
use crate::proto::v1::snapshot::Reason;
use crate::telemetry::metrics::SECONDS;
use crate::telemetry::names::{attribute, label, metric};

/// The words for how polls end.
const POLLED: [&str; 5] = ["changed", "unchanged", "unconfirmed", "failed", "not_asked"];

/// The words for why there are snapshots.
const WHY: [&str; 5] = [
    "initial",
    "token_expired",
    "epoch_changed",
    "token_invalid",
    "fell_behind",
];

/// The words for how open watches end: because the caller left, as planned, and others.
const ENDED: [&str; 7] = [
    "left",
    "rotated",
    "draining",
    "deadline",
    "stale",
    "slow_consumer",
    "failed",
];

/// Counts polls, and what watchers are told.
#[derive(Debug)]
pub(super) struct Metrics {
    polls: Counter<u64>,
    poll_duration: BoundHistogram<f64>,
    told: Told,
    snapshots: Counter<u64>,
    ended: Counter<u64>,
}

/// By the event of a message.
#[derive(Debug)]
struct Told {
    snapshot: BoundCounter<u64>,
    delta: BoundCounter<u64>,
    bookmark: BoundCounter<u64>,
    feed_state: BoundCounter<u64>,
    goodbye: BoundCounter<u64>,
}

/// An event that a watcher is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Snapshot(Reason),
    Delta,
    Bookmark,
    FeedState,
    Goodbye,
}

/// The end of an open watch, to be counted.
#[derive(Debug)]
pub(super) struct Ending {
    metrics: Arc<Metrics>,
    reason: &'static str,
    /// The RPC's, and how many events it told.
    span: Span,
    events: i64,
}

// === impl Metrics ===

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name, description| meter.u64_counter(name).with_description(description).build();
        let events = counter(metric::WATCH_EVENTS, "Events that watchers were told.");
        let event = |event| events.bind(&[KeyValue::new(label::EVENT, event)]);
        let snapshots = counter(
            metric::WATCH_SNAPSHOTS,
            "Snapshots that watchers were told, by why.",
        );
        let ended = counter(metric::WATCH_ENDED, "Watches that have ended, by why.");
        let polls = counter(metric::POLLS, "Polls of feeds, by how they ended.");
        // What is there from the start can be seen to rise.
        for (counter, label, values) in [
            (&polls, label::OUTCOME, &POLLED[..]),
            (&snapshots, label::REASON, &WHY[..]),
            (&ended, label::REASON, &ENDED[..]),
        ] {
            for value in values {
                counter.add(0, &[KeyValue::new(label, *value)]);
            }
        }
        Self {
            polls,
            poll_duration: meter
                .f64_histogram(metric::POLL_DURATION)
                .with_unit("s")
                .with_description("How long the upstream took for a poll, without the wait for its turn.")
                .with_boundaries(SECONDS.to_vec())
                .build()
                .bind(&[]),
            told: Told {
                snapshot: event("snapshot"),
                delta: event("delta"),
                bookmark: event("bookmark"),
                feed_state: event("feed_state"),
                goodbye: event("goodbye"),
            },
            snapshots,
            ended,
        }
    }

    /// A poll has ended, for which the upstream took so long.
    pub(super) fn polled(&self, polled: Polled, took: Duration) {
        let is_asked = !matches!(polled, Polled::Failed(failure) if failure.was_not_asked());
        let outcome = match polled {
            Polled::Unchanged => "unchanged",
            Polled::Changed => "changed",
            Polled::Unconfirmed => "unconfirmed",
            Polled::Failed(_) if is_asked => "failed",
            Polled::Failed(_) => "not_asked",
        };
        self.polls.add(1, &[KeyValue::new(label::OUTCOME, outcome)]);
        if is_asked {
            self.poll_duration.record(took.as_secs_f64());
        }
    }

    /// A watcher is told this.
    pub(super) fn told(&self, event: Event) {
        match event {
            Event::Snapshot(reason) => {
                self.snapshots
                    .add(1, &[KeyValue::new(label::REASON, why(reason))]);
                self.told.snapshot.add(1);
            }
            Event::Delta => self.told.delta.add(1),
            Event::Bookmark => self.told.bookmark.add(1),
            Event::FeedState => self.told.feed_state.add(1),
            Event::Goodbye => self.told.goodbye.add(1),
        }
    }

    /// A watch is open: its end is counted when what this gives is dropped.
    pub(super) fn watch(self: &Arc<Self>) -> Ending {
        Ending {
            metrics: self.clone(),
            reason: "left",
            span: Span::current(),
            events: 0,
        }
    }
}

// === impl Ending ===

impl Ending {
    /// So many more events are told.
    pub(super) fn tells(&mut self, events: i64) {
        self.events += events;
    }

    /// It ends for this reason; without one, because the caller has left.
    pub(super) fn is(&mut self, reason: &'static str) {
        self.reason = reason;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.span.record(attribute::WATCH_ENDED, self.reason);
        self.span.record(attribute::WATCH_EVENTS, self.events);
        let reason = KeyValue::new(label::REASON, self.reason);
        self.metrics.ended.add(1, &[reason]);
    }
}

/// Why a snapshot was told and not a delta, as a label.
fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Unspecified => "unspecified",
        Reason::Initial => "initial",
        Reason::TokenExpired => "token_expired",
        Reason::EpochChanged => "epoch_changed",
        Reason::TokenInvalid => "token_invalid",
        Reason::FellBehind => "fell_behind",
    }
}
