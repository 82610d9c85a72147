//! The gateway as a whole: listeners, the stack over the service, health, reflection, and the way to stop.
//!
//! ```text
//!   start   health NOT_SERVING ─▶ listen ─▶ probe the upstream ─▶ SERVING
//!   stop    NOT_SERVING ─ drain delay ─▶ refuse new connections, finish calls ─ at most the drain timeout ─▶ answer the rest, end
//! ```

pub mod connections;
mod drain;
mod error;
mod grpc;
mod health;
mod known;
mod operator;
mod reflection;
mod tasks;

use std::time::Duration;

use jiff::tz::TimeZone;
use opentelemetry::metrics::Meter;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::drain::Drain;
pub use self::error::Error;
use self::tasks::Tasks;
use crate::admin;
use crate::caller::Callers;
use crate::dispatch::{Dispatcher, watch_upstream};
use crate::layer::admission;
use crate::lifecycle::{self, Readiness, Shutdown};
use crate::status;
use crate::telemetry::log::Lines;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Recent;
use crate::upstream::Client;
use crate::watch::{self, Hub};

/// Settings of the gateway.
#[derive(Clone, Debug)]
pub struct Params {
    /// The zone in which the upstream's zone-less times are read.
    pub upstream_timezone: TimeZone,
    /// From the signal to stop until connections are refused: the time that load balancers take to notice.
    pub drain_delay: Duration,
    /// How long calls in flight may then go on. What is in flight after that is answered: a change with "outcome unknown".
    pub drain_timeout: Duration,
    /// How many calls there may be at one time, without watches, and how much of their answers may wait to be read. Those
    /// beyond it are refused.
    pub admission: admission::Params,
    /// When the upstream is in trouble.
    pub readiness: lifecycle::Params,
    /// The connections of callers.
    pub connections: connections::Params,
    /// The watch.
    pub watch: watch::Params,
    /// The metrics that are shown at `/metrics`.
    pub metrics: Metrics,
    /// The traces that are shown at `/traces`, if there is such a page.
    pub traces: Option<Recent>,
    /// Where there is a line for each RPC, if anywhere.
    pub access_log: Option<Lines>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            upstream_timezone: TimeZone::UTC,
            drain_delay: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(20),
            admission: admission::Params::default(),
            readiness: lifecycle::Params::default(),
            connections: connections::Params::default(),
            watch: watch::Params::default(),
            metrics: Metrics::default(),
            traces: None,
            access_log: None,
        }
    }
}

/// Where the gateway listens.
#[derive(Debug)]
pub struct Listeners {
    /// gRPC, gRPC-Web, health and reflection.
    pub grpc: TcpListener,
    /// The operator's port.
    pub admin: TcpListener,
}

/// Serves `callers` from the upstream of `client` until `shutdown` is requested and the drain is over. A second request ends
/// the waiting: calls in flight are answered as at the end of the drain timeout.
///
/// # Errors
///
/// [`Error`] if a listener fails, or a task that must run ends; never because of the upstream.
///
/// # Cancellation
///
/// Dropping the future closes all connections at once and ends the watch, without drain.
pub async fn run(
    listeners: Listeners,
    client: Client,
    callers: Callers,
    params: Params,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let Params {
        upstream_timezone: zone,
        drain_delay,
        drain_timeout,
        admission,
        readiness,
        connections,
        watch,
        metrics,
        traces,
        access_log,
    } = params;
    let meter = metrics.meter();
    let readiness = Readiness::new(readiness);
    lifecycle::metrics::show(readiness.clone(), &meter);
    let hub = hub(&client, &readiness, &zone, watch, drain_timeout, &meter);
    let _feeds_end = hub.drain_on_drop();
    let dispatcher = Dispatcher::new(client.clone(), readiness.clone(), &meter);
    let contract = grpc::contract(dispatcher.clone(), hub.clone(), callers, zone);
    let stop = CancellationToken::new();

    let mut tasks = Tasks::default();
    let health = health::start(&readiness, stop.clone(), &mut tasks).await;
    keep(&mut tasks, client, &readiness, &hub);
    let pages = admin::pages(readiness.clone(), hub.clone(), metrics, traces);
    tasks.spawn(operator::NAME, operator::serve(listeners.admin, pages));

    let limits = grpc::Limits {
        connections,
        admission,
    };
    let (ends, all_ended) = grpc::Ends::new(&meter, access_log);
    let serving = grpc::serve(
        listeners.grpc,
        contract,
        health,
        limits,
        ends,
        &meter,
        stop.clone(),
    );
    let drain = Drain {
        readiness,
        refuse: stop,
        hub,
        dispatcher,
        delay: drain_delay,
        timeout: drain_timeout,
    };
    let served = drain.after(serving, &mut tasks, &shutdown).await;
    tokio::join!(tasks.stop(), all_ended.wait());
    served
}

/// Starts what goes on beside the calls, for ever.
fn keep(tasks: &mut Tasks, client: Client, readiness: &Readiness, hub: &Hub) {
    let watched = watch_upstream(client, readiness.clone());
    tasks.spawn("the readiness probe", async { match watched.await {} });
    let kept = hub.keep_within_memory();
    tasks.spawn("the bound of the watch's memory", async { match kept.await {} });
}

/// The watch of the gateway. When it stops, the watchers are told to come back at times spread over `reconnect_window`.
fn hub(
    client: &Client,
    readiness: &Readiness,
    zone: &TimeZone,
    mut params: watch::Params,
    reconnect_window: Duration,
    meter: &Meter,
) -> Hub {
    let (client, readiness) = (client.clone(), readiness.clone());
    params.reconnect_window = reconnect_window;
    Hub::new(client, readiness, zone.clone(), params, status::explain, meter)
}
