//! Each line of the watch's contract, in paused time.

mod breaker;
mod ends;
mod failure;
mod fairness;
mod memory;
mod opening;
mod polls;
mod tenants;

use std::time::Duration;

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::goodbye;
use portico::proto::v1::snapshot::Reason;
use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse, Delta, FeedState, Freshness};
use portico::watch::{Params, Watcher};
use prost::Message as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status};
use tonic_types::{StatusExt as _, pb};

use super::gateway::{Gateway, Stream, even, request, resume};
use super::held::Held;
use super::scene::{Scene, call};
use super::upstream::{Answer, Reply, Upstream};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

/// How much earlier than its caller the gateway ends a call.
const MARGIN: Duration = Duration::from_millis(20);

/// A gateway over an upstream that shows `scene` until told otherwise.
fn gateway_over(scene: Scene) -> Gateway {
    Gateway::new(&Upstream::always(Reply::Scene(scene)), even())
}

fn with(params: Params) -> Gateway {
    Gateway::new(&Upstream::always(Reply::Scene(Scene::of(3))), params)
}

/// A watch of `customer` that differs from its others by a product.
fn of_product(customer: i64, product: usize) -> ActiveCallsRequest {
    ActiveCallsRequest {
        product_ids: vec![product.to_string()],
        ..request(customer)
    }
}

/// Lets time pass: the clock is paused, and leaps as soon as everybody waits.
async fn pass(time: Duration) {
    sleep(time).await;
}

/// A watch, and its client after the first event.
async fn begin(gateway: &Gateway) -> (Stream, Held) {
    let mut stream = gateway.watch(request(1)).await;
    let mut held = Held::default();
    held.apply(&stream.event().await);
    (stream, held)
}

fn delta(event: &ActiveCallsResponse) -> &Delta {
    match &event.event {
        Some(Event::Delta(delta)) => delta,
        other => panic!("not a delta: {other:?}"),
    }
}

fn reason(event: &ActiveCallsResponse) -> Option<Reason> {
    match &event.event {
        Some(Event::Snapshot(snapshot)) => Some(snapshot.reason()),
        _ => None,
    }
}

fn is_bookmark(event: &ActiveCallsResponse) -> bool {
    matches!(event.event, Some(Event::Bookmark(_)))
}

/// The reason of a status, and whether it says when to come back.
fn told(status: &Status) -> (Code, String, bool) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    (
        status.code(),
        reason.unwrap_or_default(),
        details.retry_info().is_some(),
    )
}

fn feed_state(event: &ActiveCallsResponse) -> &FeedState {
    match &event.event {
        Some(Event::FeedState(state)) => state,
        other => panic!("not a feed state: {other:?}"),
    }
}

/// A status that came in a message, to be read as any other.
fn as_status(told: &pb::Status) -> Status {
    let code = Code::from(told.code);
    Status::with_details(code, told.message.clone(), told.encode_to_vec().into())
}

async fn refused(gateway: &Gateway, request: ActiveCallsRequest) -> Status {
    gateway.open(request).await.expect_err("the watch is refused")
}
