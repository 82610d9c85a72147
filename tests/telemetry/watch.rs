//! The watch: what its polls, its events and its ends are counted as.

use portico::proto::v1::ActiveCallsRequest;

use super::page::{Page, counted};
use crate::support::{Gateway, RunningSandbox, Setup, soon};

#[tokio::test]
async fn a_watch_is_counted_from_its_snapshot_to_its_end() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
    let before = Page::of(&gateway).await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let watch = gateway.client().await.active_calls(request).await;
    let mut watch = watch.expect("it opens").into_inner();
    let event = soon("a snapshot", watch.message()).await;
    assert!(event.expect("no end").is_some());
    let page = Page::of(&gateway).await;
    assert!(page.value("portico_watchers") > 0.5);
    assert!(page.value(r#"portico_feeds{freshness="live"}"#) > 0.5);
    drop(watch);
    let left = r#"portico_watch_ended_total{reason="left"}"#;
    let ended = async { while Page::of(&gateway).await.value(left) < 1.0 {} };
    soon("the end of the watch", ended).await;
    let page = Page::of(&gateway).await;
    assert!(page.value("portico_watchers") < 0.5);
    let metrics = [
        "portico_watch_events_total",
        "portico_watch_snapshots_total",
        "portico_watch_ended_total",
    ];
    let expected = [
        (r#"portico_watch_events_total{event="snapshot"}"#, 1),
        (r#"portico_watch_snapshots_total{reason="initial"}"#, 1),
        (left, 1),
    ];
    assert_eq!(page.since(&before, &metrics), counted(&expected));
    assert!(page.value(r#"portico_polls_total{outcome="changed"}"#) > 0.5);
    assert!(page.value("portico_poll_duration_seconds_count") > 0.5);
}
