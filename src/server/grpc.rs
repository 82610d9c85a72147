//! The gRPC listener: the stack of layers, and the services on it.

use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
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
use crate::layer::outcome::{self, Methods, OutcomeLayer};
use crate::proto;
use crate::service::{CustomerExtension, CustomerExtensionServiceServer, Watching};
use crate::watch::Hub;

/// The contract's service, all of its RPCs.
pub(super) type Contract = Watching<CustomerExtensionServiceServer<CustomerExtension>>;

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
    params: connections::Params,
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
    // Outermost first. A gRPC-Web answer has its status inside the body, so the outcome is read below that layer.
    let service = ServiceBuilder::new()
        .layer(GrpcWebLayer::new())
        .layer(OutcomeLayer::new(methods.clone(), outcome::log))
        .layer(KnownLayer::new(methods))
        .service(routes);
    let params = connections::within_descriptors(params);
    connections::serve(listening, service, params, stop).await;
    Ok(())
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
