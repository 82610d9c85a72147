//! The bare broadcaster: a server stream of tonic over a broadcast channel, as anybody would write it.
//!
//! Orders: `event` with a message in hexadecimal sets what is sent; `send` sends it and is answered with the time at
//! which sending began.

use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};
use prost::Message as _;
use tokio::sync::broadcast;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::frames;
use super::harness::process::{clock, listen, orders};
use super::harness::{Result, bare};

/// The argument that makes this binary the broadcaster.
pub(super) const ROLE: &str = "bare-role";

/// Runs the role.
pub(super) async fn run() -> Result<()> {
    let events = broadcast::Sender::new(64);
    tokio::select! {
        served = serve(events.clone()) => served,
        told = obey(&events) => told,
    }
}

async fn serve(events: broadcast::Sender<ActiveCallsResponse>) -> Result<()> {
    bare::serve(listen().await?, move |request| {
        let events = events.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<ActiveCallsResponse, ActiveCallsRequest>::default());
            let watch = service_fn(|_: Request<ActiveCallsRequest>| {
                let events = BroadcastStream::new(events.subscribe());
                let events = events.map(|event| event.map_err(|_| Status::data_loss("lagged")));
                std::future::ready(Ok(Response::new(events)))
            });
            Ok(grpc.server_streaming(watch, request).await)
        })
    })
    .await
}

async fn obey(events: &broadcast::Sender<ActiveCallsResponse>) -> Result<()> {
    let mut lines = orders();
    let mut event = ActiveCallsResponse::default();
    while let Some(line) = lines.next_line().await? {
        if let Some(message) = line.strip_prefix("event ") {
            event = ActiveCallsResponse::decode(frames::from_hex(message)?.as_slice())?;
            println!();
        } else {
            let now = clock();
            events.send(event.clone())?;
            println!("{}", now.as_nanos());
        }
    }
    Ok(())
}
