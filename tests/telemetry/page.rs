//! `/metrics`, read, and compared with itself.

use std::collections::BTreeMap;

use crate::support::Gateway;

/// The series of a page by name and labels, without the buckets of histograms.
#[derive(Debug)]
pub(crate) struct Page(BTreeMap<String, f64>);

impl Page {
    pub(crate) async fn of(gateway: &Gateway) -> Self {
        let (status, text) = gateway.page("/metrics").await;
        assert_eq!(status, 200, "{text}");
        let series = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
        Self(
            series
                .map(|line| {
                    let (name, value) = line.rsplit_once(' ').expect("a value");
                    (name.to_owned(), value.parse().expect("a number"))
                })
                .collect(),
        )
    }

    /// How many series there are whose names begin so.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.keys().filter(|series| series.starts_with(name)).count()
    }

    pub(crate) fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// What has been counted since `before`: how often by each series of these metrics.
    pub(crate) fn since(&self, before: &Self, metrics: &[&str]) -> BTreeMap<String, u64> {
        let all = self
            .0
            .iter()
            .map(|(series, value)| (series, value - before.value(series)));
        all.filter(|(series, more)| *more > 0.0 && metrics.iter().any(|metric| is_of(series, metric)))
            .map(|(series, more)| {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "counts of a test"
                )]
                let more = more as u64;
                (series.clone(), more)
            })
            .collect()
    }
}

fn is_of(series: &str, metric: &str) -> bool {
    series.split('{').next() == Some(metric)
}

/// These series and how often, as [`Page::since`] gives them.
pub(crate) fn counted(series: &[(&str, u64)]) -> BTreeMap<String, u64> {
    series
        .iter()
        .map(|(series, more)| ((*series).to_owned(), *more))
        .collect()
}
