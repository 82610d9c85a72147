//! The same over sockets: the whole gateway before a sandbox, and HTTP/2 between it and generated clients.
//!
//! Time is real here, so intervals are short, and every wait is for an event.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use portico::dispatch::Dispatcher;
use portico::lifecycle::{Readiness, Shutdown};
use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse, Freshness, goodbye};
use portico::sandbox::{self, Sandbox};
use portico::server::{self, Listeners};
use portico::service::CustomerExtensionServiceServer;
use portico::service::{CustomerExtension, Watching};
use portico::telemetry::metrics::nowhere;
use portico::upstream::client::Params as ClientParams;
use portico::upstream::{Client, Transport};
use portico::watch::{Hub, Params};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status, Streaming};

use super::gateway::{callers, hub, request};
use super::held::Held;
use super::scene::{Scene, call};
use super::upstream::{Reply, Upstream};

const INTERVAL: Duration = Duration::from_millis(100);

/// Far longer than anything here takes, and shorter than a heartbeat.
const PATIENCE: Duration = Duration::from_secs(10);

type Watch = Streaming<ActiveCallsResponse>;

/// Something that serves until it is told to stop.
struct Serving {
    at: SocketAddr,
    stop: Shutdown,
    tasks: JoinSet<()>,
}

impl Serving {
    /// Stops it and waits for its end.
    async fn stop(mut self) {
        self.stop.request();
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("it ends well");
        }
    }
}

async fn loopback() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

fn start_sandbox(listener: TcpListener, sandbox: &Sandbox) -> Serving {
    let (at, stop) = (listener.local_addr().expect("an address"), Shutdown::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(sandbox::run(listener, sandbox.clone(), stop.requested()));
    Serving { at, stop, tasks }
}

fn client_of(upstream: SocketAddr) -> Client {
    let base = format!("http://{upstream}").parse().expect("a base URL");
    Client::new(base, Transport::default(), &ClientParams::default()).expect("a client")
}

/// The whole gateway over an upstream.
async fn start_gateway(upstream: SocketAddr, watch: Params) -> Serving {
    let listeners = Listeners {
        grpc: loopback().await,
        admin: loopback().await,
    };
    let (at, stop) = (
        listeners.grpc.local_addr().expect("an address"),
        Shutdown::default(),
    );
    let params = server::Params {
        drain_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(20),
        watch,
        ..server::Params::default()
    };
    let (client, shutdown) = (client_of(upstream), stop.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let served = server::run(listeners, client, callers(), params, shutdown).await;
        served.expect("the gateway serves");
    });
    Serving { at, stop, tasks }
}

/// Only the watch, over a scripted upstream.
async fn start_watch(upstream: &Upstream, params: Params) -> (Serving, Hub) {
    let listener = loopback().await;
    let (at, stop) = (listener.local_addr().expect("an address"), Shutdown::default());
    let hub = hub(upstream, params);
    let dispatcher = Dispatcher::new(client_of(at), Readiness::default(), &nowhere());
    let inner = CustomerExtensionServiceServer::new(CustomerExtension::new(dispatcher, TimeZone::UTC));
    let service = Watching::new(inner, hub.clone(), callers(), Transport::default());
    let stopped = stop.requested();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().add_service(service);
        let outcome = server.serve_with_incoming_shutdown(incoming, stopped).await;
        outcome.expect("the watch is served");
    });
    (Serving { at, stop, tasks }, hub)
}

/// One HTTP/2 connection, with windows as small as a frugal client's.
async fn connect(to: SocketAddr) -> CustomerExtensionServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{to}")).expect("an endpoint");
    let endpoint = endpoint
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024);
    CustomerExtensionServiceClient::new(endpoint.connect().await.expect("a connection"))
}

async fn watch(client: &mut CustomerExtensionServiceClient<Channel>, request: ActiveCallsRequest) -> Watch {
    let opened = client.active_calls(request).await;
    opened.expect("the watch opens").into_inner()
}

async fn event(watch: &mut Watch) -> ActiveCallsResponse {
    let told = timeout(PATIENCE, watch.message()).await;
    told.expect("something is told")
        .expect("the stream goes on")
        .expect("an event")
}

async fn rest(watch: &mut Watch) -> (Vec<ActiveCallsResponse>, Status) {
    let mut events = Vec::new();
    loop {
        match watch.message().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, Status::ok("")),
            Err(status) => return (events, status),
        }
    }
}

fn quick() -> Params {
    Params {
        interval: INTERVAL,
        stale_after: 5 * INTERVAL,
        down_after: 10 * INTERVAL,
        ..Params::default()
    }
}

#[tokio::test]
async fn two_hundred_watchers_cost_one_request_an_interval() {
    let sandbox = Sandbox::new(sandbox::Params::default());
    let upstream = start_sandbox(loopback().await, &sandbox);
    let gateway = start_gateway(upstream.at, quick()).await;
    let mut client = connect(gateway.at).await;
    let begun = Instant::now();
    let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let mut watches = Vec::new();
    for _ in 0..200 {
        let opened = watch(
            &mut client,
            ActiveCallsRequest {
                heartbeat,
                ..request(1)
            },
        )
        .await;
        watches.push(opened);
    }
    for watched in &mut watches {
        for _ in 0..2 {
            event(watched).await;
        }
    }
    let elapsed = begun.elapsed();
    let polls = sandbox.stats().by_operation["ActiveCalls"];
    let most = elapsed.as_millis() / (INTERVAL.as_millis() * 9 / 10) + 1;
    assert!(
        polls > 1 && u128::from(polls) <= most,
        "{polls} polls in {elapsed:?}"
    );
    drop(watches);
    gateway.stop().await;
    upstream.stop().await;
}

#[tokio::test]
async fn an_upstream_that_dies_and_comes_back_never_empties_a_table() {
    let sandbox = Sandbox::new(sandbox::Params::default());
    let upstream = start_sandbox(loopback().await, &sandbox);
    let at = upstream.at;
    let gateway = start_gateway(at, quick()).await;
    let mut client = connect(gateway.at).await;
    let mut stream = watch(&mut client, request(1)).await;
    let mut held = Held::default();
    held.apply(&event(&mut stream).await);
    let before = held.state.clone();
    assert_eq!(before.calls.len(), 2);
    upstream.stop().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let told = event(&mut stream).await;
        held.apply(&told);
        seen.push(told.freshness());
    }
    assert_eq!(seen, [Freshness::Stale, Freshness::Down]);
    assert_eq!(held.state, before);
    let upstream = start_sandbox(TcpListener::bind(at).await.expect("the same port"), &sandbox);
    let told = event(&mut stream).await;
    assert!(matches!(told.event, Some(Event::FeedState(_))), "{told:?}");
    assert_eq!(told.freshness(), Freshness::Live);
    held.apply(&told);
    assert_eq!((held.state, held.version), (before, 1));
    drop(stream);
    gateway.stop().await;
    upstream.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_says_goodbye_to_every_watch() {
    let sandbox = Sandbox::new(sandbox::Params::default());
    let upstream = start_sandbox(loopback().await, &sandbox);
    let gateway = start_gateway(upstream.at, quick()).await;
    let mut client = connect(gateway.at).await;
    let mut watches = JoinSet::new();
    for _ in 0..100 {
        let mut stream = watch(&mut client, request(1)).await;
        event(&mut stream).await;
        watches.spawn(async move { rest(&mut stream).await });
    }
    let stopping = timeout(Duration::from_secs(15), gateway.stop());
    let (stopped, ends) = tokio::join!(stopping, watches.join_all());
    stopped.expect("it stops when the last stream has ended, and does not wait for the time to be over");
    let mut waits = BTreeMap::new();
    for (number, (events, status)) in ends.into_iter().enumerate() {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        let Some(Event::Goodbye(bye)) = events.last().and_then(|last| last.event.clone()) else {
            panic!("{events:?}");
        };
        assert_eq!(bye.reason(), goodbye::Reason::Draining);
        let wait = bye.reconnect_after.expect("a time to come back");
        waits.insert((wait.seconds, wait.nanos), number);
    }
    let (first, last) = (waits.keys().next().unwrap().0, waits.keys().last().unwrap().0);
    assert!(
        first < 4 && last >= 15 && waits.len() > 90,
        "spread over the window: {waits:?}"
    );
    upstream.stop().await;
}

/// `NoCollateral` on one HTTP/2 connection: the stuck stream's window is full, its siblings' are their own.
///
/// Seen to fail: with `|| polled == Polled::Changed` taken out where a poll ends in owner.rs, siblings wait for the
/// heartbeat.
#[tokio::test]
async fn a_stuck_stream_neither_ends_nor_delays_its_siblings() {
    let scene = |note: &str| Scene {
        calls: (0..400).map(|id| call(id, note)).collect(),
        statuses: Vec::new(),
    };
    let upstream = Upstream::always(Reply::Scene(scene("first")));
    let params = Params {
        interval: Duration::from_millis(10),
        stuck_after: Duration::from_millis(300),
        ..Params::default()
    };
    let (serving, hub) = start_watch(&upstream, params).await;
    let mut client = connect(serving.at).await;
    let mut stuck = watch(&mut client, request(1)).await;
    let mut siblings = [
        watch(&mut client, request(1)).await,
        watch(&mut client, request(1)).await,
    ];
    let begun = Instant::now();
    let mut round: u64 = 0;
    while round < 10 || begun.elapsed() < Duration::from_secs(1) {
        round += 1;
        upstream.show(scene(&round.to_string()));
        for sibling in &mut siblings {
            loop {
                let told = event(sibling).await;
                if told.version > round {
                    break;
                }
            }
        }
    }
    let (events, status) = rest(&mut stuck).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(
        (events.len() as u64) < round,
        "{} events of {round}",
        events.len()
    );
    upstream.show(scene("last"));
    for sibling in &mut siblings {
        assert!(matches!(event(sibling).await.event, Some(Event::Delta(_))));
    }
    drop((siblings, stuck, client));
    hub.drain().await;
    serving.stop().await;
}
