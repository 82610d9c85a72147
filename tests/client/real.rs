//! The real gateway goes away and comes back, and the table is never empty because of that.

use std::time::Duration;

use portico::client::{CallWatcher, Cause, Change, Freshness, Update};
use portico::proto::v1::goodbye;
use portico::proto::v1::snapshot::Reason;
use portico::sandbox::{Fault, Operation, Params, State, TrafficParams, Trouble, WorldParams};
use tonic::Code;

use crate::real_gateway::{RealGateway, soon};

/// Calls that never end and never start, so that the state is the same whoever looks.
fn recorded() -> Params {
    Params::default()
}

/// So many calls that no two looks are the same.
fn busy() -> Params {
    let traffic = TrafficParams {
        calls_per_minute: 3000.0,
        // Short calls: with all extensions in long ones nothing would change.
        mean_duration: Duration::from_millis(500),
    };
    Params {
        state: State::Living(WorldParams {
            customers: 1,
            traffic,
            ..WorldParams::default()
        }),
        ..Params::default()
    }
}

/// Waits for the update that `found` wants; no update before it may lose the calls.
async fn until(watcher: &mut CallWatcher, what: &str, found: impl Fn(&Update) -> bool) -> Update {
    let known = watcher.current().calls().is_some();
    let waiting = async {
        loop {
            let update = watcher.changed().await.expect("not final");
            let calls = update.state.calls().map(|set| set.calls().len());
            assert!(!known || calls > Some(0), "the calls are forgotten: {update:?}");
            if found(&update) {
                return update;
            }
        }
    };
    soon(what, waiting).await
}

async fn live(watcher: &mut CallWatcher) -> Update {
    until(watcher, "a live state", |update| {
        update.state.freshness().is_live()
    })
    .await
}

async fn away(watcher: &mut CallWatcher) -> Update {
    until(watcher, "the loss of the gateway", |update| {
        matches!(update.state.freshness(), Freshness::Away(_))
    })
    .await
}

fn reset(update: &Update) -> Option<Reason> {
    update.changes.iter().find_map(|change| match change {
        Change::Reset(reason) => Some(*reason),
        _ => None,
    })
}

fn touches_calls(update: &Update) -> bool {
    update
        .changes
        .iter()
        .any(|change| !matches!(change, Change::Freshness(_)))
}

#[tokio::test]
async fn a_restart_with_the_same_calls_is_no_change() {
    let mut gateway = RealGateway::start(recorded()).await;
    let mut watcher = gateway.watch(1);
    let first = live(&mut watcher).await;
    assert_eq!(reset(&first), Some(Reason::Initial));

    gateway.kill().await;
    assert!(!touches_calls(&away(&mut watcher).await));
    gateway.serve().await;
    let back = until(&mut watcher, "the return", |update| {
        assert!(!touches_calls(update), "{update:?}");
        update.state.freshness().is_live()
    })
    .await;
    assert_eq!(back.state.calls(), first.state.calls());
}

#[tokio::test]
async fn a_restart_with_other_calls_is_a_reset_and_the_difference() {
    let mut gateway = RealGateway::start(busy()).await;
    let mut watcher = gateway.watch(1);
    live(&mut watcher).await;
    gateway.kill().await;
    away(&mut watcher).await;
    let before = watcher.current();
    gateway.other_calls_than(before.calls().expect("known")).await;
    gateway.serve().await;
    let back = live(&mut watcher).await;
    assert_eq!(reset(&back), Some(Reason::EpochChanged));
    // Only what differs is told, not everything.
    let calls = back.state.calls().expect("known");
    let started = back
        .changes
        .iter()
        .filter(|change| matches!(change, Change::Started(_)));
    let kept = calls
        .calls()
        .filter(|call| before.calls().is_some_and(|set| set.call(&call.key).is_some()));
    assert_eq!(started.count() + kept.count(), calls.calls().len());
}

#[tokio::test]
async fn a_gateway_that_stops_says_goodbye_and_is_found_again() {
    let mut gateway = RealGateway::start(recorded()).await;
    let mut watcher = gateway.watch(1);
    live(&mut watcher).await;
    gateway.stop().await;
    let gone = away(&mut watcher).await;
    let Freshness::Away(away) = gone.state.freshness() else {
        panic!("{gone:?}")
    };
    // The wait that the gateway asked for may be over by now.
    assert!(
        matches!(
            away.cause,
            Cause::Goodbye(goodbye::Reason::Draining) | Cause::Unreachable(_)
        ),
        "{away:?}"
    );
    gateway.serve().await;
    live(&mut watcher).await;
}

#[tokio::test]
async fn an_upstream_that_fails_makes_the_calls_stale_and_nothing_else() {
    let gateway = RealGateway::start(recorded()).await;
    let mut watcher = gateway.watch(1);
    let first = live(&mut watcher).await;
    let busy = Trouble::Status {
        status: 503,
        form: None,
        retry_after: None,
    };
    let fault = Fault::new(busy).on(Operation::ActiveCalls);
    gateway.sandbox.set_faults(vec![fault]);
    let stale = until(&mut watcher, "staleness", |update| {
        assert!(!touches_calls(update), "{update:?}");
        matches!(update.state.freshness(), Freshness::Stale(_))
    })
    .await;
    let Freshness::Stale(trouble) = stale.state.freshness() else {
        panic!("{stale:?}")
    };
    assert!(trouble.cause.is_some() && trouble.last_good_at.is_some());
    gateway.sandbox.set_faults(Vec::new());
    let back = live(&mut watcher).await;
    assert_eq!(back.state.calls(), first.state.calls());
}

#[tokio::test]
async fn a_watch_begun_before_the_gateway_waits_for_it() {
    let mut gateway = RealGateway::start(recorded()).await;
    gateway.kill().await;
    let mut watcher = gateway.watch(1);
    let gone = until(&mut watcher, "a refused connection", |update| {
        matches!(update.state.freshness(), Freshness::Away(away) if matches!(away.cause, Cause::Unreachable(_)))
    })
    .await;
    assert!(
        gone.state.calls().is_none(),
        "nothing is known, which is not empty"
    );
    gateway.serve().await;
    assert_eq!(reset(&live(&mut watcher).await), Some(Reason::Initial));
}

#[tokio::test]
async fn a_request_that_breaks_rules_ends_the_watch() {
    let gateway = RealGateway::start(recorded()).await;
    let mut watcher = gateway.watch(0);
    let ended = async {
        loop {
            if let Err(status) = watcher.changed().await {
                return status;
            }
        }
    };
    let status = soon("the end of the watch", ended).await;
    assert_eq!(status.code(), Code::InvalidArgument);
}
