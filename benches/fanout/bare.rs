//! The bare broadcaster: a server stream of tonic over a broadcast channel, as anybody would write it.
//!
//! Orders: `event` with a message in hexadecimal sets what is sent; `send` sends it and is answered with the clock when
//! it began.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::process::{clock, orders};
use super::{Result, frames};

/// The argument that makes this binary the broadcaster.
pub(super) const ROLE: &str = "bare-role";

/// Runs the role.
pub(super) async fn run() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let broadcaster = Broadcaster(Arc::new(broadcast::Sender::new(64)));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = tonic::transport::Server::builder()
        .add_service(broadcaster.clone())
        .serve_with_incoming(incoming);
    tokio::select! {
        served = serving => Ok(served?),
        told = obey(&broadcaster) => told,
    }
}

async fn obey(broadcaster: &Broadcaster) -> Result<()> {
    let mut lines = orders();
    let mut event = ActiveCallsResponse::default();
    while let Some(line) = lines.next_line().await? {
        if let Some(message) = line.strip_prefix("event ") {
            event = ActiveCallsResponse::decode(frames::from_hex(message)?.as_slice())?;
            println!();
        } else {
            let now = clock();
            broadcaster.0.send(event.clone())?;
            println!("{}", now.as_nanos());
        }
    }
    Ok(())
}

/// What generated code would be, of the one RPC.
#[derive(Clone, Debug)]
struct Broadcaster(Arc<broadcast::Sender<ActiveCallsResponse>>);

impl NamedService for Broadcaster {
    const NAME: &'static str = "porta.customerextension.v1.CustomerExtensionService";
}

impl Service<http::Request<Body>> for Broadcaster {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let broadcaster = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.server_streaming(broadcaster, request).await)
        })
    }
}

impl ServerStreamingService<ActiveCallsRequest> for Broadcaster {
    type Response = ActiveCallsResponse;
    type ResponseStream =
        Pin<Box<dyn Stream<Item = std::result::Result<ActiveCallsResponse, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, _: Request<ActiveCallsRequest>) -> Self::Future {
        let events = tokio_stream::wrappers::BroadcastStream::new(self.0.subscribe());
        let events = events.map(|event| event.map_err(|_| Status::data_loss("lagged")));
        Box::pin(std::future::ready(Ok(Response::new(
            Box::pin(events) as Self::ResponseStream
        ))))
    }
}
