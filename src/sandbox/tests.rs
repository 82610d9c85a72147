//! The sandbox from outside: over real sockets, one test for each way it can misbehave.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

mod client;
mod log;

use client::{Answer, Served};
use log::Log;

const LIST: &str = "/GetCustomerExtensions/LIC/1.csv";
const ADD: &str = "/AddCustomerExtension/LIC/7/Desk/201/9.csv";
const ADDED: &str = "/GetCustomerExtensions/LIC/7.csv";

async fn served(fault: Trouble) -> Served {
    Served::start(Params {
        faults: vec![Fault::new(fault)],
        ..Params::default()
    })
    .await
}

/// Whether the change of [`ADD`] was made, seen without trouble.
async fn was_added(served: &Served) -> bool {
    served.sandbox.set_faults(Vec::new());
    served.get(ADDED).await.body.contains("name:Desk")
}

#[tokio::test]
async fn a_status_takes_the_form_asked_for_and_changes_nothing() {
    let trouble = |form| Trouble::Status {
        status: 503,
        form,
        retry_after: Some(7),
    };
    let served = served(trouble(None)).await;
    let row = served.get(ADD).await;
    assert_eq!((row.status, row.header("retry-after")), (503, Some("7")));
    assert!(row.body.ends_with("\n,,,False,,,0,\n"), "{:?}", row.body);

    served
        .sandbox
        .set_faults(vec![Fault::new(trouble(Some(ErrorForm::Table)))]);
    assert!(served.get(ADD).await.body.starts_with("ResponseStatus\n"));
    assert!(!was_added(&served).await);
}

#[tokio::test]
async fn a_cut_body_is_sound_http_and_the_change_is_made() {
    let served = served(Trouble::CutBody { keep: 0.9 }).await;
    let cut = served.get(ADD).await;
    assert_eq!((cut.status, cut.is_whole()), (200, true));
    assert!(
        !cut.body.ends_with('\n') && !cut.body.is_empty(),
        "{:?}",
        cut.body
    );
    assert!(was_added(&served).await);
}

#[tokio::test]
async fn a_broken_transfer_is_short_of_its_length() {
    for keep in [0.0, 0.5, 1.0] {
        let served = served(Trouble::BrokenTransfer { keep }).await;
        let broken = served.get(LIST).await;
        assert_eq!((broken.status, broken.is_whole()), (200, false));
        assert_eq!(broken.body.is_empty(), keep == 0.0);
    }
}

#[tokio::test]
async fn a_connection_dropped_before_changes_nothing_and_one_dropped_after_does() {
    for (when, changed, outcome) in [
        (When::Before, false, "drop_before"),
        (When::After, true, "drop_after"),
    ] {
        let served = served(Trouble::Drop { when }).await;
        assert_eq!(served.try_get(ADD).await, None, "{when:?}");
        assert_eq!(was_added(&served).await, changed, "{when:?}");
        assert_eq!(served.sandbox.stats().by_outcome[outcome], 1);
    }
}

#[tokio::test]
async fn a_page_or_nothing_can_come_instead_of_an_answer() {
    let html = served(Trouble::Html).await;
    let page = html.get(ADD).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html"))
    );
    assert!(!was_added(&html).await);

    let empty = served(Trouble::Empty).await;
    let nothing = empty.get(ADD).await;
    assert_eq!(
        (
            nothing.status,
            nothing.header("content-type"),
            nothing.body.as_str()
        ),
        (200, None, "")
    );
    assert!(!was_added(&empty).await);
}

#[tokio::test(start_paused = true)]
async fn latency_is_waited_out() {
    let (fixed, jitter) = (Duration::from_secs(3600), Duration::ZERO);
    for when in [When::Before, When::After] {
        let served = served(Trouble::Latency { fixed, jitter, when }).await;
        let begun = Instant::now();
        assert_eq!(served.get(LIST).await.status, 200);
        assert!(begun.elapsed() >= fixed, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn only_the_one_licence_is_taken() {
    let served = Served::start(Params {
        license: Some("LIC".to_owned()),
        ..Params::default()
    })
    .await;
    assert_eq!(served.get(LIST).await.status, 200);
    assert_eq!(served.get("/GetCustomerExtensions/OTHER/1.csv").await.status, 401);
    assert!(!format!("{:?} {:?}", served.sandbox, served.sandbox.stats()).contains("LIC"));
}

#[tokio::test]
async fn the_licence_is_in_no_log_line() {
    let log = Log::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(lines.finish());
    let served = Served::start(Params {
        license: Some("sesame".to_owned()),
        ..Params::default()
    })
    .await;
    for target in [
        "/GetCustomerExtensions/sesame/1.csv",
        "/GetCustomerExtensions/other/1.csv",
        "/sesame",
    ] {
        served.get(target).await;
    }
    let log = log.text();
    assert!(
        log.contains("operation=Extensions") && log.contains("outcome=\"401\""),
        "{log}"
    );
    assert!(!log.contains("sesame") && !log.contains("other"), "{log}");
}

#[tokio::test]
async fn the_very_text_that_was_sent_is_seen_and_the_control_endpoint_is_not() {
    let served = Served::start(Params::default()).await;
    served
        .get("/AddCustomerExtension/LIC/7/a%5Cb%20%F0%9F%8E%A7/%2A98/0.csv")
        .await;
    served.get("/_sandbox/stats").await;
    let stats = served.sandbox.stats();
    assert_eq!(
        (stats.requests, stats.by_operation["Add"], stats.by_outcome["200"]),
        (1, 1, 1)
    );
    assert_eq!(stats.recent[0].members["Name"], "a\\b 🎧");
    assert_eq!(stats.recent[0].members["Id"], "*98");
}

#[tokio::test]
async fn faults_are_set_shown_and_cleared_over_http() {
    let served = Served::start(Params::default()).await;
    let body = r#"{"faults":[{"kind":"status","status":500,"operation":"Extensions","count":2}]}"#;
    assert_eq!(served.put("/_sandbox/faults", body).await.status, 200);
    assert_eq!(served.get(LIST).await.status, 500);
    assert!(served.get("/_sandbox/faults").await.body.contains("\"count\": 1"));
    assert_eq!(served.sandbox.faults().len(), 1);

    let refused = served
        .put(
            "/_sandbox/faults",
            r#"{"faults":[{"kind":"status","status":"x"}]}"#,
        )
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("faults[0].status"), "{:?}", refused.body);
    assert_eq!(served.sandbox.faults().len(), 1, "a refused body changes nothing");

    assert_eq!(
        served
            .request("DELETE", "/_sandbox/faults", "")
            .await
            .map(|answer| answer.status),
        Some(200)
    );
    assert_eq!(served.get(LIST).await.status, 200);
}

#[tokio::test]
async fn the_published_page_needs_no_licence() {
    let served = Served::start(Params {
        license: Some("LIC".to_owned()),
        ..Params::default()
    })
    .await;
    let Answer { status, body, .. } = served.get("/csv/metadata?op=CustomerExtension").await;
    assert_eq!(status, 200);
    assert!(body.contains("GET/GetFilteringData/{License}/{ICustomer}/{IsFiltering}"));
}

#[tokio::test]
async fn a_living_world_filters_by_product() {
    let served = Served::start(Params {
        state: State::Living(WorldParams::default()),
        ..Params::default()
    })
    .await;
    let all = served.get("/GetCustomerExtensions/LIC/1.csv").await.body;
    let gold = served.get("/GetCustomerExtensions/LIC/1/11.csv").await.body;
    assert!(all.contains("PBX Silver") && all.contains("PBX Gold"), "{all}");
    assert!(
        !gold.contains("PBX Silver") && gold.contains("PBX Gold"),
        "{gold}"
    );
    let calls = served
        .get("/GetCustomerExtensionsActiveCalls/LIC/1/True.csv")
        .await
        .body;
    assert!(calls.contains("product:PBX Silver"), "{calls}");
    let gold = served
        .get("/GetCustomerExtensionsActiveCalls/LIC/1/True/11,99.csv")
        .await
        .body;
    assert!(
        !gold.contains("product:PBX Silver") && gold.contains("product:PBX Gold"),
        "{gold}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_living_world_moves_with_the_clock_and_is_the_same_again() {
    const CALLS: &str = "/GetCustomerExtensionsActiveCalls/LIC/1/True.csv";
    let world = WorldParams {
        start: Some(std::time::UNIX_EPOCH),
        ..WorldParams::default()
    };
    let params = Params {
        state: State::Living(world),
        ..Params::default()
    };
    let (often, seldom) = (Served::start(params.clone()).await, Served::start(params).await);
    let first = often.get(CALLS).await.body;
    for _ in 0..30 {
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(often.get(CALLS).await.status, 200);
    }
    assert_ne!(often.get(CALLS).await.body, first);
    assert_eq!(often.get(CALLS).await.body, seldom.get(CALLS).await.body);
}

#[tokio::test]
async fn shutdown_ends_idle_connections_and_closes_the_port() {
    let mut served = Served::start(Params::default()).await;
    let mut idle = served.connect().await;
    client::exchange_and_keep(&mut idle, LIST).await;
    served.stop().await;
    assert_eq!(client::read_all(&mut idle).await, "");
    assert!(tokio::net::TcpStream::connect(served.address).await.is_err());
}
