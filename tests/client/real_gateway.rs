//! The gateway itself on a sandbox, to be stopped and started again on the same port.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use portico::caller::Callers;
use portico::client::CallSet;
use portico::client::{self, CallWatcher, Params, Query};
use portico::convert::to_active_calls;
use portico::lifecycle::Shutdown;
use portico::sandbox::{self, Sandbox};
use portico::server::{self, Listeners};
use portico::upstream::operation::ListActiveCalls;
use portico::upstream::value::Id;
use portico::upstream::{Client, Context, Lane, License, Transport};
use portico::{upstream, watch};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Longer than anything here takes: a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// `future`, or a failed test if it takes too long.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} does not happen"))
}

async fn listener(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).await.expect("the port is free")
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A sandbox and a gateway in front of it.
#[derive(Debug)]
pub(crate) struct RealGateway {
    pub(crate) sandbox: Sandbox,
    address: SocketAddr,
    client: Client,
    /// The sandbox; it ends with this value.
    _upstream: JoinSet<()>,
    running: JoinSet<()>,
    stop: Shutdown,
}

impl RealGateway {
    pub(crate) async fn start(params: sandbox::Params) -> Self {
        let listener = listener(any_port()).await;
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let sandbox = Sandbox::new(params);
        let mut upstream = JoinSet::new();
        upstream.spawn(sandbox::run(listener, sandbox.clone(), std::future::pending()));
        let client = Client::new(
            base.parse().expect("a base"),
            Transport::Routes,
            &upstream::client::Params::default(),
        );
        let mut gateway = Self {
            sandbox,
            address: any_port(),
            client: client.expect("a client"),
            _upstream: upstream,
            running: JoinSet::new(),
            stop: Shutdown::default(),
        };
        gateway.serve().await;
        gateway
    }

    /// Completes when the upstream shows other calls of customer 1 than `known`.
    pub(crate) async fn other_calls_than(&self, known: &CallSet) {
        let license = License::parse(License::DEFAULT_NAME, "secret", Transport::Routes);
        let context = Context::of_gateway(license.expect("a licence"), Lane::Call);
        let query = ListActiveCalls {
            i_customer: Id::parse(1).expect("an id"),
            products: None,
        };
        let asking = async {
            loop {
                let shown = self.client.call(&context, &query).await.expect("an answer").calls;
                let shown = to_active_calls(shown, &TimeZone::UTC);
                if shown.len() != known.calls().len()
                    || shown.iter().any(|call| known.call(&call.key).is_none())
                {
                    return;
                }
            }
        };
        soon("another state of the upstream", asking).await;
    }

    /// Starts the gateway on the same port as before.
    pub(crate) async fn serve(&mut self) {
        let listeners = Listeners {
            grpc: listener(self.address).await,
            admin: listener(any_port()).await,
        };
        self.address = listeners.grpc.local_addr().expect("it is bound");
        self.stop = Shutdown::default();
        let shutdown = self.stop.clone();
        let params = server::Params {
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(1),
            watch: watch::Params {
                interval: Duration::from_millis(30),
                stale_after: Duration::from_millis(200),
                ..watch::Params::default()
            },
            ..server::Params::default()
        };
        let client = self.client.clone();
        let license = License::parse(License::DEFAULT_NAME, "secret", Transport::Routes);
        let callers = Callers::with(license.expect("a licence"));
        self.running.spawn(async {
            let served = server::run(listeners, client, callers, params, shutdown).await;
            served.expect("the gateway ends well");
        });
    }

    /// Ends the gateway as a crash would.
    pub(crate) async fn kill(&mut self) {
        self.running.shutdown().await;
    }

    /// Ends the gateway as its operator would.
    pub(crate) async fn stop(&mut self) {
        self.stop.request();
        let ended = soon("the end of the gateway", self.running.join_next()).await;
        ended.expect("it runs").expect("it did not panic");
    }

    pub(crate) fn watch(&self, i_customer: i64) -> CallWatcher {
        let uri = format!("http://{}", self.address).parse().expect("a URI");
        let params = Params {
            longest_delay: Duration::from_millis(400),
            ..Params::default()
        };
        CallWatcher::connect(client::endpoint(uri), Query::customer(i_customer), params)
    }
}
