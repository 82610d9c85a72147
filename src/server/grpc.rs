//! The gRPC listener: the stack of layers, and the services on it.

use std::convert::Infallible;
use std::time::Duration;

use jiff::tz::TimeZone;
use opentelemetry::metrics::Meter;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;

use super::connections::{self, Listening, WhenExhausted};
use super::error::Error;
use super::known::KnownLayer;
use super::reflection;
use crate::caller::Callers;
use crate::dispatch::Dispatcher;
use crate::layer::admission::{self, AdmissionLayer, Terms};
use crate::layer::outcome::{self, AccessLog, Ended, Methods, OutcomeLayer};
use crate::proto;
use crate::service::{CustomerExtension, CustomerExtensionServiceServer, Watching};
use crate::status;
use crate::telemetry::log::Lines;
use crate::watch::Hub;

/// The contract's service, all of its RPCs.
pub(super) type Contract = Watching<CustomerExtensionServiceServer<CustomerExtension>>;

/// How much there may be of what comes in.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) connections: connections::Params,
    pub(super) admission: admission::Params,
}

/// How long the RPCs of connections that were closed may take to end.
const CLOSED: Duration = Duration::from_secs(1);

/// Who is told how each RPC ends.
#[derive(Debug)]
pub(super) struct Ends {
    metrics: outcome::Metrics,
    access_log: Option<AccessLog>,
    /// As long as this is there, an RPC may be to end.
    _open: mpsc::Sender<Infallible>,
}

/// The end of all RPCs.
#[derive(Debug)]
pub(super) struct AllEnded(mpsc::Receiver<Infallible>);

impl AllEnded {
    /// Completes when the end of each RPC has been told, if the listener is closed. What is cut is told by the task that had it.
    pub(super) async fn wait(mut self) {
        // A task that does not end is no reason to stay.
        let _ = timeout(CLOSED, self.0.recv()).await;
    }
}

impl Ends {
    /// Metrics of `meter`, the log, and the access log if there is one.
    pub(super) fn new(meter: &Meter, access_log: Option<Lines>) -> (Self, AllEnded) {
        let (open, closed) = mpsc::channel(1);
        let ends = Self {
            metrics: outcome::Metrics::new(meter),
            access_log: access_log.map(AccessLog::new),
            _open: open,
        };
        (ends, AllEnded(closed))
    }

    fn tell(&self, ended: &Ended) {
        self.metrics.record(ended);
        outcome::log(ended);
        if let Some(access_log) = &self.access_log {
            access_log.record(ended);
        }
    }
}

/// The contract's service for `callers`: calls go through `dispatcher`, watches through `hub`; times without a zone are
/// read in `zone`.
pub(super) fn contract(dispatcher: Dispatcher, hub: Hub, callers: Callers, zone: TimeZone) -> Contract {
    let transport = dispatcher.transport();
    let unary = CustomerExtension::new(dispatcher, zone);
    let unary = CustomerExtensionServiceServer::new(unary);
    Watching::new(unary, hub, callers, transport)
}

/// Serves until `stop`, then refuses connections and completes when all calls in flight are done, without a limit.
///
/// # Cancellation
///
/// Dropping the future ends all connections.
pub(super) async fn serve(
    listener: TcpListener,
    contract: Contract,
    health: HealthServer<impl Health>,
    limits: Limits,
    ends: Ends,
    meter: &Meter,
    stop: CancellationToken,
) -> Result<(), Error> {
    let listening = Listening {
        listener,
        name: "gRPC",
        when_exhausted: WhenExhausted::Close,
        is_conversation: |path| path.starts_with("/grpc.reflection."),
    };
    let routes = Routes::new(contract)
        .add_service(health)
        .add_service(reflection::v1()?)
        .add_service(reflection::v1alpha()?)
        .prepare();
    let methods: Methods = methods()?.into_iter().collect();
    let observe = move |ended: &Ended| ends.tell(ended);
    // Outermost first. A gRPC-Web answer has its status inside the body, so the outcome is read below that layer.
    let service = ServiceBuilder::new()
        .layer(GrpcWebLayer::new())
        .layer(OutcomeLayer::new(methods.clone(), observe))
        .layer(AdmissionLayer::new(
            limits.admission,
            terms,
            status::overloaded,
            meter,
        ))
        .layer(KnownLayer::new(methods))
        .service(routes);
    let connections = connections::within_descriptors(limits.connections);
    connections::serve(listening, service, connections, stop).await;
    Ok(())
}

/// On what terms the RPC of this path is admitted. Watches have limits of their own, and whoever asks for health must hear
/// of it.
fn terms(path: &str) -> Terms {
    let contract = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(<Contract as NamedService>::NAME));
    match contract {
        Some(
            "/AddExtension" | "/AddExtensionGetIdentity" | "/UpdateExtension" | "/DeleteExtension" | "/Reply",
        ) => Terms::Change,
        Some(method) if method.starts_with('/') && method != "/ActiveCalls" => Terms::Read,
        _ => Terms::Free,
    }
}

/// The methods of all services above. Any other has no name of its own in the log.
fn methods() -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for descriptors in [
        proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ] {
        names.extend(proto::methods(descriptors).map_err(|error| Error::Reflection(error.into()))?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_take_places_and_watches_and_health_do_not() {
        let contract = "/porta.customerextension.v1.CustomerExtensionService";
        assert_eq!(terms(&format!("{contract}/ListExtensions")), Terms::Read);
        assert_eq!(terms(&format!("{contract}/Reply")), Terms::Change);
        assert_eq!(terms(&format!("{contract}/ActiveCalls")), Terms::Free);
        assert_eq!(terms(&format!("{contract}2/ListExtensions")), Terms::Free);
        assert_eq!(terms("/grpc.health.v1.Health/Check"), Terms::Free);
    }

    #[test]
    fn the_methods_of_all_services_are_known() {
        let methods = methods().expect("descriptors");
        for method in [
            "porta.customerextension.v1.CustomerExtensionService/ListExtensions",
            "porta.customerextension.v1.CustomerExtensionService/ActiveCalls",
            "grpc.health.v1.Health/Check",
            "grpc.health.v1.Health/Watch",
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert!(methods.iter().any(|known| known == method), "{method}");
        }
    }
}
