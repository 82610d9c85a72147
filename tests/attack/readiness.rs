//! Upstreams that are there and do not serve: readiness tells, with the reason, and comes back.
//!
//! Time is real, so what takes seconds in production takes a tenth of a second here.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use portico::lifecycle;
use portico::proto::v1::{ActiveCallsRequest, ListExtensionsRequest};
use portico::sandbox::{self, Fault, Operation, Trouble, When};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};

use crate::support::{
    Answer, Gateway, Log, PAGE, RunningSandbox, SERVICE, Setup, Upstream, listener, reason, soon, until,
};

fn setup() -> Setup {
    let mut setup = Setup::default();
    setup.server.readiness = lifecycle::Params {
        lasts: Duration::from_millis(100),
        hangs: Duration::from_millis(130),
        patience: Duration::from_millis(20),
        cool_down: Duration::from_millis(300),
        ..lifecycle::Params::default()
    };
    setup.server.watch.interval = Duration::from_millis(50);
    setup
}

/// A gateway that does not come back once it is not ready.
fn lasting() -> Setup {
    let mut setup = setup();
    setup.server.readiness.cool_down = Duration::from_secs(3600);
    setup
}

fn always(trouble: Trouble) -> Fault {
    Fault::new(trouble)
}

fn status(status: u16) -> Trouble {
    Trouble::Status {
        status,
        form: None,
        retry_after: None,
    }
}

/// Each request waits for a minute.
fn hangs() -> Fault {
    always(Trouble::Latency {
        fixed: Duration::from_secs(60),
        jitter: Duration::ZERO,
        when: When::Before,
    })
}

async fn upstream(faults: Vec<Fault>) -> RunningSandbox {
    let params = sandbox::Params {
        faults,
        ..sandbox::Params::default()
    };
    RunningSandbox::with(params).await
}

fn request(i_customer: i64) -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer,
        product_ids: Vec::new(),
    }
}

/// Lists the extensions of customer 1 again and again, in vain or not.
async fn list(gateway: &Gateway) {
    let mut client = gateway.client().await;
    loop {
        let _ = client.list_extensions(request(1)).await;
    }
}

/// What `/readyz` says once the gateway is not ready any more.
async fn turned(gateway: &Gateway) -> (u16, String) {
    until(&mut gateway.watch_health(SERVICE).await, NotServing).await;
    gateway.page("/readyz").await
}

fn not_ready(why: &str) -> (u16, String) {
    (503, format!("not ready: the upstream does not serve ({why})\n"))
}

/// What `/readyz` tells once the upstream has been probed.
async fn first_told(gateway: &Gateway) -> (u16, String) {
    let told = async {
        loop {
            let told = gateway.page("/readyz").await;
            if told.1 != "not ready: the upstream has not answered yet\n" {
                return told;
            }
        }
    };
    soon("the reason", told).await
}

#[tokio::test]
async fn whatever_answers_in_place_of_the_page_is_not_ready_and_says_why() {
    for (trouble, why) in [
        (status(503), "unavailable"),
        (status(500), "failed"),
        (Trouble::Html, "other_page"),
        (Trouble::Empty, "other_page"),
    ] {
        let sandbox = upstream(vec![always(trouble)]).await;
        let gateway = Gateway::start(&sandbox.url, setup()).await;
        assert_eq!(first_told(&gateway).await, not_ready(why));
        assert_eq!(gateway.health(SERVICE).await, NotServing, "{why}");
    }
}

/// It would have to be searched to its end, every few seconds.
#[tokio::test]
async fn a_page_that_is_far_too_large_is_not_looked_at() {
    let page = format!("{}{PAGE}", " ".repeat(256 * 1024));
    let routes = Router::new().route("/csv/metadata", get(move || async { page }));
    let (listener, url) = listener().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async { axum::serve(listener, routes).await.expect("it serves") });
    let gateway = Gateway::start(&url, setup()).await;
    assert_eq!(first_told(&gateway).await, not_ready("too_large"));
}

#[tokio::test]
async fn calls_that_all_fail_turn_it_though_the_page_comes_and_one_that_is_served_brings_it_back() {
    let log = Log::capture();
    for (trouble, why) in [
        (status(503), "unavailable"),
        (status(500), "failed"),
        (status(504), "elapsed"),
        (Trouble::Html, "not_csv"),
        (Trouble::Empty, "empty"),
        (Trouble::CutBody { keep: 0.5 }, "undecodable"),
        (Trouble::Drop { when: When::Before }, "interrupted"),
    ] {
        let sandbox = upstream(vec![always(trouble).on(Operation::Extensions)]).await;
        let gateway = Gateway::serving(&sandbox.url, setup()).await;
        let mut health = gateway.watch_health(SERVICE).await;
        let turns = async {
            until(&mut health, NotServing).await;
            let (status, text) = gateway.page("/readyz").await;
            assert_eq!((status, text), not_ready(why));
            sandbox.handle.set_faults(Vec::new());
            until(&mut health, Serving).await;
        };
        tokio::select! {
            () = turns => {}
            () = list(&gateway) => {}
        }
    }
    let told = "not ready: calls to the upstream fail, whoever makes them";
    assert!(log.text().contains(told), "{}", log.text());
}

#[tokio::test]
async fn polls_that_fail_turn_it_as_calls_do() {
    let sandbox = upstream(Vec::new()).await;
    let gateway = Gateway::serving(&sandbox.url, setup()).await;
    let mut client = gateway.client().await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let _watch = client.active_calls(request).await.expect("a watch");
    let mut health = gateway.watch_health(SERVICE).await;
    sandbox
        .handle
        .set_faults(vec![always(status(503)).on(Operation::ActiveCalls)]);
    until(&mut health, NotServing).await;
    sandbox.handle.set_faults(Vec::new());
    until(&mut health, Serving).await;
}

#[tokio::test]
async fn calls_that_hang_turn_it_while_they_still_wait() {
    let upstream = Upstream::answering([Answer::Hang]).await;
    let gateway = Gateway::serving(&upstream.url, setup()).await;
    let mut client = gateway.client().await;
    let mut calls = JoinSet::new();
    calls.spawn(async move { client.list_extensions(request(1)).await });
    assert_eq!(turned(&gateway).await, not_ready("elapsed"));
    assert!(calls.try_join_next().is_none());
    // Nobody else calls, and the page comes.
    until(&mut gateway.watch_health(SERVICE).await, Serving).await;
}

#[tokio::test]
async fn callers_that_do_not_wait_show_a_hanging_upstream_too() {
    let sandbox = upstream(vec![hangs().on(Operation::Extensions)]).await;
    let gateway = Gateway::serving(&sandbox.url, setup()).await;
    let mut client = gateway.client().await;
    let calls = async {
        loop {
            let mut request = tonic::Request::new(request(1));
            request.set_timeout(Duration::from_millis(60));
            client.list_extensions(request).await.expect_err("no answer");
        }
    };
    tokio::select! {
        told = turned(&gateway) => assert_eq!(told, not_ready("elapsed")),
        () = calls => {}
    }
}

#[tokio::test]
async fn one_customer_whose_polls_hang_does_not_turn_it_for_another() {
    let sandbox = upstream(vec![hangs().on(Operation::ActiveCalls)]).await;
    let mut setup = lasting();
    // Long after the poll has hung for too long.
    setup.server.watch.open_timeout = Duration::from_millis(500);
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut client = gateway.client().await;
    client.list_extensions(request(2)).await.expect("an answer");
    let watch = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let status = client.active_calls(watch).await.expect_err("no poll");
    assert_eq!(reason(&status), "WATCH_NO_POLL");
    assert_eq!(gateway.health(SERVICE).await, Serving);
}

#[tokio::test]
async fn a_refused_licence_or_record_is_not_the_upstreams_trouble() {
    for refusal in [400, 401, 404, 405, 409, 429] {
        let sandbox = upstream(vec![always(status(refusal)).on(Operation::Extensions)]).await;
        let gateway = Gateway::serving(&sandbox.url, lasting()).await;
        let mut client = gateway.client().await;
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(300) {
            client.list_extensions(request(1)).await.expect_err("a refusal");
        }
        assert_eq!(gateway.health(SERVICE).await, Serving, "{refusal}");
    }
}
