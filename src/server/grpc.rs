//! The gRPC listener: HTTP/2 limits, the stack of layers, and the services on it.

use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;

use super::error::Error;
use super::known::KnownLayer;
use crate::caller::Callers;
use crate::dispatch::Dispatcher;
use crate::layer::outcome::{self, Methods, OutcomeLayer};
use crate::proto;
use crate::service::{CustomerExtension, CustomerExtensionServiceServer, Watching};
use crate::watch::Hub;

/// Streams on one connection; tonic's default is no limit.
const MAX_STREAMS: u32 = 2048;

/// Requests are small: these windows hold many of them.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Streams of one connection that the server itself resets, over its life, because its peer breaks rules of HTTP/2. One
/// that has had as many is cut. This is what HTTP libraries have by default; tonic's default is no limit, which turns
/// their guard against floods of resets (RUSTSEC-2024-0003) off.
const MAX_LOCAL_RESETS: usize = 1024;

/// The headers of one request, in bytes.
const MAX_HEADER_LIST: u32 = 16 * 1024;

/// A connection whose peer is gone is noticed within interval plus timeout.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// The contract's service, all of its RPCs.
pub(super) type Contract = Watching<CustomerExtensionServiceServer<CustomerExtension>>;

/// The contract's service for `callers`: calls go through `dispatcher`, watches through `hub`; times without a zone are
/// read in `zone`.
pub(super) fn contract(dispatcher: Dispatcher, hub: Hub, callers: Callers, zone: TimeZone) -> Contract {
    let transport = dispatcher.transport();
    let unary = CustomerExtension::new(dispatcher, callers.clone(), zone);
    let unary = CustomerExtensionServiceServer::new(unary);
    Watching::new(unary, hub, callers, transport)
}

/// Serves until `stop`, then refuses connections and completes when all calls in flight are done, without a limit.
pub(super) async fn serve(
    listener: TcpListener,
    contract: Contract,
    health: HealthServer<impl Health>,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    // The server's own setting does not reach connections that it did not accept itself.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let describe = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let reflection = describe().build_v1().map_err(Error::Reflection)?;
    // Older tools, grpcurl 1.8 and Python's reflection client among them, speak only v1alpha.
    let reflection_alpha = describe().build_v1alpha().map_err(Error::Reflection)?;

    let methods: Methods = methods()?.into_iter().collect();
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_local_error_reset_streams(Some(MAX_LOCAL_RESETS))
        .http2_max_header_list_size(MAX_HEADER_LIST)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        // Outermost first. A gRPC-Web answer has its status inside the body, so the outcome is read below that layer.
        .layer(GrpcWebLayer::new())
        .layer(OutcomeLayer::new(methods.clone(), outcome::log))
        .layer(KnownLayer::new(methods))
        .add_service(contract)
        .add_service(health)
        .add_service(reflection)
        .add_service(reflection_alpha)
        .serve_with_incoming_shutdown(incoming, stop)
        .await
        .map_err(Error::Grpc)
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
