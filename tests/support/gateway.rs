//! The gateway under test.

use std::net::SocketAddr;
use std::time::Duration;

use portico::caller::{Callers, DEFAULT_DEADLINE};
use portico::lifecycle::Shutdown;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::server::{self, Listeners};
use portico::upstream::{Client, License, Transport, client};
use tokio::task::JoinSet;
use tonic::Streaming;
use tonic::transport::Channel;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::soon;

pub(crate) const SERVICE: &str = "porta.customerextension.v1.CustomerExtensionService";

/// What a gateway is made of.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) transport: Transport,
    pub(crate) license: &'static str,
    pub(crate) client: client::Params,
    /// How long those are served who do not say how long they wait.
    pub(crate) default_deadline: Duration,
    pub(crate) server: server::Params,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            transport: Transport::Routes,
            license: "LIC",
            client: single(),
            default_deadline: DEFAULT_DEADLINE,
            server: server::Params {
                drain_delay: Duration::ZERO,
                ..server::Params::default()
            },
        }
    }
}

/// How a client is set of which each call is one exchange: made once, and whatever became of others.
pub(crate) fn single() -> client::Params {
    let mut params = client::Params::default();
    params.stack.retry.attempts = 1;
    params.stack.breaker.failures = 0;
    params
}

impl From<Transport> for Setup {
    fn from(transport: Transport) -> Self {
        Self {
            transport,
            ..Self::default()
        }
    }
}

/// A gateway that runs until it is stopped or dropped.
pub(crate) struct Gateway {
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
    shutdown: Shutdown,
    tasks: JoinSet<Result<(), server::Error>>,
}

impl Gateway {
    /// A gateway whose upstream is at `url`, from its start on.
    pub(crate) async fn start(url: &str, setup: impl Into<Setup>) -> Self {
        let Setup {
            transport,
            license,
            client,
            default_deadline,
            server,
        } = setup.into();
        let license = License::parse(License::DEFAULT_NAME, license, transport);
        let callers =
            Callers::with(license.expect("a licence that can be carried")).waiting(default_deadline);
        let client = client::Params {
            meter: server.metrics.meter(),
            ..client
        };
        let client = Client::new(url.parse().expect("a URL"), transport, &client);
        let client = client.expect("a client");
        let (grpc, _) = super::listener().await;
        let (admin, _) = super::listener().await;
        let listeners = Listeners { grpc, admin };
        let shutdown = Shutdown::default();
        let (grpc, admin) = (
            listeners.grpc.local_addr().expect("an address"),
            listeners.admin.local_addr().expect("an address"),
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(server::run(listeners, client, callers, server, shutdown.clone()));
        Self {
            grpc,
            admin,
            shutdown,
            tasks,
        }
    }

    /// A gateway as of [`Self::start`], once its health says that it serves.
    pub(crate) async fn serving(url: &str, setup: impl Into<Setup>) -> Self {
        let gateway = Self::start(url, setup).await;
        let mut health = gateway.watch_health(SERVICE).await;
        until(&mut health, ServingStatus::Serving).await;
        gateway
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.grpc)).expect("a URL");
        endpoint.connect().await.expect("the gateway listens")
    }

    pub(crate) async fn client(&self) -> CustomerExtensionServiceClient<Channel> {
        CustomerExtensionServiceClient::new(self.channel().await)
    }

    /// The health of a service name now.
    pub(crate) async fn health(&self, service: &str) -> ServingStatus {
        let service = service.to_owned();
        let mut client = HealthClient::new(self.channel().await);
        let answer = client.check(HealthCheckRequest { service }).await;
        answer.expect("a known name").into_inner().status()
    }

    /// The health of a service name as it changes.
    pub(crate) async fn watch_health(&self, service: &str) -> Streaming<HealthCheckResponse> {
        let service = service.to_owned();
        let mut client = HealthClient::new(self.channel().await);
        let answer = client.watch(HealthCheckRequest { service }).await;
        answer.expect("a known name").into_inner()
    }

    /// The status and body of a page of the operator's port.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}{path}", self.admin)).await;
        let answer = answer.expect("the operator's port answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a text"))
    }

    /// Asks the gateway to stop; the second time, to wait for nothing any more.
    pub(crate) fn stop(&self) {
        self.shutdown.request();
    }

    /// Completes when the gateway has ended.
    pub(crate) async fn ended(&mut self) {
        let ended = soon("the end of the gateway", self.tasks.join_next()).await;
        let ended = ended.expect("it has not ended before");
        ended.expect("it does not panic").expect("it ends well");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let (Some(ended), false) = (self.tasks.try_join_next(), std::thread::panicking()) {
            panic!("the gateway ended before its test: {ended:?}");
        }
    }
}

/// Waits until the health is `wanted`.
pub(crate) async fn until(health: &mut Streaming<HealthCheckResponse>, wanted: ServingStatus) {
    let turns = async {
        while let Some(answer) = health.message().await.expect("health does not fail") {
            if answer.status() == wanted {
                return;
            }
        }
        panic!("health ended");
    };
    soon(&format!("health {wanted:?}"), turns).await;
}
