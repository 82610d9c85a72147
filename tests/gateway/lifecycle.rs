//! From the start without an upstream to the end with calls in flight.

use std::time::Duration;

use portico::proto::v1::ListExtensionsRequest;
use portico::sandbox::{self, Fault, Operation, Sandbox, Trouble, When};
use portico::upstream::Transport;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};

use crate::support::{
    Answer, Gateway, Log, RunningSandbox, SERVICE, Setup, Upstream, listener, reason, soon, until,
};

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

#[tokio::test]
async fn without_an_upstream_it_starts_is_alive_is_not_ready_and_says_why() {
    let log = Log::capture();
    let (closed, url) = listener().await;
    let address = closed.local_addr().expect("an address");
    drop(closed);
    let gateway = Gateway::start(&url, Transport::Routes).await;
    let mut health = gateway.watch_health(SERVICE).await;
    let first = health
        .message()
        .await
        .expect("health does not fail")
        .expect("a state");
    assert_eq!(first.status(), NotServing);
    assert_eq!(gateway.health("").await, NotServing);
    assert_eq!(gateway.health("liveness").await, Serving);
    assert_eq!(gateway.page("/livez").await, (200, "alive\n".to_owned()));

    // A call that fails comes after the first probe has: both find the same closed port.
    gateway
        .client()
        .await
        .list_extensions(list())
        .await
        .expect_err("no upstream");
    let why = async {
        loop {
            let (status, text) = gateway.page("/readyz").await;
            assert_eq!(status, 503, "{text}");
            if text == "not ready: the upstream does not serve (unreachable)\n" {
                return;
            }
        }
    };
    soon("the reason", why).await;
    assert!(
        log.text()
            .contains("not ready: the upstream does not show its page")
    );
    assert!(log.text().contains("Connection refused"), "the log has the cause");

    let listener = TcpListener::bind(address).await.expect("the port is free");
    let mut tasks = JoinSet::new();
    let sandbox = Sandbox::new(sandbox::Params::default());
    tasks.spawn(sandbox::run(listener, sandbox, std::future::pending()));
    until(&mut health, Serving).await;
    assert_eq!(gateway.health("").await, Serving);
    assert_eq!(gateway.page("/readyz").await, (200, "ready\n".to_owned()));
    gateway
        .client()
        .await
        .list_extensions(list())
        .await
        .expect("an answer");
}

#[tokio::test]
async fn it_is_not_ready_before_the_first_answer() {
    // The upstream accepts connections and says nothing.
    let (silent, url) = listener().await;
    let gateway = Gateway::start(&url, Setup::default()).await;
    let accepted = soon("the probe", silent.accept()).await.expect("a connection");
    assert_eq!(gateway.health(SERVICE).await, NotServing);
    assert_eq!(gateway.health("").await, NotServing);
    let (status, text) = gateway.page("/readyz").await;
    assert_eq!(status, 503);
    assert!(text.starts_with("not ready: the upstream "), "{text}");
    drop(accepted);
}

#[tokio::test]
async fn names_that_nobody_serves_are_not_found() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let mut client = tonic_health::pb::health_client::HealthClient::new(gateway.channel().await);
    let request = tonic_health::pb::HealthCheckRequest {
        service: "other".to_owned(),
    };
    let status = client.check(request).await.expect_err("an unknown name");
    assert_eq!(status.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn on_stop_it_drops_readiness_at_once_and_finishes_calls_in_flight() {
    let wait = Trouble::Latency {
        fixed: Duration::from_millis(300),
        jitter: Duration::ZERO,
        when: When::Before,
    };
    let params = sandbox::Params {
        faults: vec![Fault::new(wait).on(Operation::Extensions)],
        ..sandbox::Params::default()
    };
    let sandbox = RunningSandbox::with(params).await;
    let mut setup = Setup::default();
    setup.server.drain_delay = Duration::from_millis(100);
    let mut gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut health = gateway.watch_health(SERVICE).await;
    let mut liveness = gateway.watch_health("liveness").await;
    until(&mut health, Serving).await;
    until(&mut liveness, Serving).await;

    let mut client = gateway.client().await;
    let mut calls = JoinSet::new();
    calls.spawn(async move { client.list_extensions(list()).await });
    let arrived = async {
        while sandbox.calls() == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the call at the upstream", arrived).await;

    gateway.stop();
    until(&mut health, NotServing).await;
    assert_eq!(
        gateway.health("liveness").await,
        Serving,
        "it drains, it does not die"
    );
    assert_eq!(
        gateway.page("/readyz").await,
        (503, "not ready: draining\n".to_owned())
    );
    assert_eq!(gateway.page("/livez").await.0, 200);
    let answer = calls
        .join_next()
        .await
        .expect("a call")
        .expect("it does not panic");
    assert_eq!(answer.expect("it was finished").into_inner().extensions.len(), 3);
    gateway.ended().await;
}

#[tokio::test]
async fn the_drain_does_not_wait_for_who_watches_health() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = Setup::default();
    setup.server.drain_timeout = Duration::from_secs(3600);
    let mut gateway = Gateway::serving(&sandbox.url, setup).await;
    let mut watches = Vec::new();
    for name in ["", SERVICE, "liveness"] {
        let mut watch = gateway.watch_health(name).await;
        until(&mut watch, Serving).await;
        watches.push(watch);
    }
    gateway.stop();
    gateway.ended().await;
    let mut told = Vec::new();
    for mut watch in watches {
        let mut states = Vec::new();
        while let Some(answer) = watch.message().await.expect("it ends with OK") {
            states.push(answer.status());
        }
        told.push(states);
    }
    assert_eq!(told, [vec![NotServing], vec![NotServing], vec![]]);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_not_waited_for_beyond_the_drain_timeout() {
    let upstream = Upstream::answering([Answer::Hang]).await;
    let mut setup = Setup::default();
    setup.server.drain_timeout = Duration::from_millis(100);
    let mut gateway = Gateway::serving(&upstream.url, setup).await;
    let mut client = gateway.client().await;
    let mut calls = JoinSet::new();
    calls.spawn(async move { client.list_extensions(list()).await });
    let arrived = async {
        while upstream.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("the call at the upstream", arrived).await;
    gateway.stop();
    gateway.ended().await;
    let answer = calls
        .join_next()
        .await
        .expect("a call")
        .expect("it does not panic");
    let status = answer.expect_err("the upstream has not answered");
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::Unavailable, "SHUTTING_DOWN".to_owned())
    );
}
