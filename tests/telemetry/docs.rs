//! Holds the table of `docs/operations.md` and `/metrics` together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use portico::proto::v1::{ActiveCallsRequest, ListExtensionsRequest};
use portico::sandbox::{Fault, Trouble, When};

use crate::support::{Gateway, RunningSandbox, Setup, soon};

/// The labels of each metric.
type Metrics = BTreeMap<String, BTreeSet<String>>;

/// The words in backquotes.
fn words(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn in_docs() -> Metrics {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md"));
    let page = page.expect("the page is there");
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with("Metrics\n"));
    let lines = section.expect("a section of metrics").lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let mut cells = row.split('|');
        let name = cells.next().expect("a name").trim().trim_end_matches('`');
        let labels = cells.next().expect("labels");
        (name.to_owned(), words(labels).collect())
    })
    .collect()
}

fn on_page(page: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in page.lines() {
        if let Some(named) = line.strip_prefix("# TYPE ") {
            let name = named.split(' ').next().expect("a name");
            metrics.insert(name.to_owned(), BTreeSet::new());
        } else if let Some((series, labels)) = line.split_once('{') {
            let name = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| {
                    series
                        .strip_suffix(part)
                        .filter(|name| metrics.contains_key(*name))
                })
                .unwrap_or(series);
            let quoted = labels.split('"').step_by(2);
            let labels = quoted.filter_map(|part| part.trim_start_matches(',').strip_suffix('='));
            let labels = labels.filter(|label| *label != "le").map(str::to_owned);
            metrics
                .get_mut(name)
                .expect("its type comes first")
                .extend(labels);
        }
    }
    metrics
}

#[tokio::test]
async fn the_table_of_metrics_is_what_there_is() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
    let mut client = gateway.client().await;
    let list = ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    };
    client.list_extensions(list.clone()).await.expect("a list");
    // An attempt that failed has another label.
    let when = When::Before;
    sandbox
        .handle
        .set_faults(vec![Fault::new(Trouble::Drop { when })]);
    client.list_extensions(list).await.expect_err("no answer");
    sandbox.handle.set_faults(vec![]);
    let watch = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let watch = soon("a watch", client.active_calls(watch)).await;
    drop(watch.expect("it opens"));
    let (_, page) = gateway.page("/metrics").await;
    let mut in_docs = in_docs();
    let of_traces = in_docs.remove("portico_spans_dropped_total");
    assert!(of_traces.is_some(), "there are none here");
    assert_eq!(on_page(&page), in_docs);
}
