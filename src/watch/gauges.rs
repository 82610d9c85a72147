//! How many feeds and watchers there are, as metrics.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::registry::Registry;
use crate::proto::v1::Freshness;
use crate::telemetry::names::{label, metric};

/// The names of freshness as a label.
const FRESHNESS: [(&str, Freshness); 4] = [
    ("pending", Freshness::Unspecified),
    ("live", Freshness::Live),
    ("stale", Freshness::Stale),
    ("down", Freshness::Down),
];

/// Has `meter` show how many feeds and watchers there are.
pub(super) fn show(registry: &Arc<Registry>, meter: &Meter) {
    let of = Arc::downgrade(registry);
    meter
        .u64_observable_gauge(metric::FEEDS)
        .with_description(
            "Feeds, by how far their states can be trusted; those without a state yet are pending.",
        )
        .with_callback(move |gauge| {
            let feeds = of.upgrade().map(|registry| registry.feeds()).unwrap_or_default();
            let all: Vec<_> = feeds.iter().map(|feed| feed.freshness()).collect();
            for (name, freshness) in FRESHNESS {
                let count = all.iter().filter(|of_feed| **of_feed == freshness).count();
                gauge.observe(to_u64(count), &[KeyValue::new(label::FRESHNESS, name)]);
            }
        })
        .build();
    let of = Arc::downgrade(registry);
    meter
        .u64_observable_gauge(metric::WATCHERS)
        .with_description("Watchers.")
        .with_callback(move |gauge| {
            let watchers = of.upgrade().map_or(0, |registry| registry.watchers());
            gauge.observe(to_u64(watchers), &[]);
        })
        .build();
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
