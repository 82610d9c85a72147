//! The client: as many calls as fit into a time, or one after the other.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use portico::proto::v1::ListExtensionsRequest;
use prost::Message as _;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

use super::harness::Result;
use super::harness::process::Meter;
use super::harness::rounds::quantile;
use super::raw::Raw;

const METHOD: &str = "/porta.customerextension.v1.CustomerExtensionService/ListExtensions";

/// A server and the connections to it.
pub(crate) struct Target {
    meter: Meter,
    connections: Vec<Channel>,
    /// The size of its answer's message.
    pub(crate) size: usize,
}

/// What many callers got.
pub(crate) struct Throughput {
    /// Calls a second.
    pub(crate) rate: f64,
    /// Processor time of the server for each call, in microseconds.
    pub(crate) cpu_us: f64,
}

/// Times of calls one after the other, in microseconds.
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Target {
    /// Connects, and calls once on each connection.
    pub(crate) async fn connect(address: SocketAddr, meter: Meter, connections: usize) -> Result<Self> {
        let mut target = Self {
            meter,
            connections: Vec::new(),
            size: 0,
        };
        for _ in 0..connections {
            let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
            let channel = endpoint.tcp_nodelay(true).connect().await?;
            target.size = call(&channel, request(1)).await?;
            target.connections.push(channel);
        }
        Ok(target)
    }

    /// As many calls as `in_flight` callers make, spread over the connections, in about `time`.
    pub(crate) async fn throughput(&self, in_flight: usize, time: Duration) -> Result<Throughput> {
        let cpu_before = self.meter.cpu()?;
        let started = Instant::now();
        let end = started + time;
        let mut callers = JoinSet::new();
        // Each asks about a customer of its own: what identical calls share is measured by nobody.
        for (channel, i_customer) in self.connections.iter().cycle().take(in_flight).zip(1..) {
            let channel = channel.clone();
            let request = request(i_customer);
            callers.spawn(async move {
                let mut calls = 0_u32;
                while Instant::now() < end {
                    call(&channel, request.clone()).await?;
                    calls += 1;
                }
                Ok::<_, tonic::Status>(calls)
            });
        }
        let mut calls = 0.0;
        while let Some(done) = callers.join_next().await {
            calls += f64::from(done??);
        }
        Ok(Throughput {
            rate: calls / started.elapsed().as_secs_f64(),
            cpu_us: self.meter.cpu()?.saturating_sub(cpu_before).as_secs_f64() * 1e6 / calls,
        })
    }

    /// Times of calls on one connection, one after the other, for about `time`.
    pub(crate) async fn latency(&self, time: Duration) -> Result<Latency> {
        let channel = self.connections.first().ok_or("no connection")?;
        let end = Instant::now() + time;
        let mut times = Vec::new();
        while Instant::now() < end {
            let started = Instant::now();
            call(channel, request(1)).await?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok(Latency {
            p50: quantile(times.iter().copied(), 0.5),
            p99: quantile(times, 0.99),
        })
    }
}

/// The encoded request.
fn request(i_customer: i64) -> Bytes {
    let request = ListExtensionsRequest {
        i_customer,
        product_ids: Vec::new(),
    };
    request.encode_to_vec().into()
}

async fn call(channel: &Channel, request: Bytes) -> std::result::Result<usize, tonic::Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready()
        .await
        .map_err(|error| tonic::Status::unavailable(error.to_string()))?;
    let answer = grpc
        .unary(
            tonic::Request::new(request),
            PathAndQuery::from_static(METHOD),
            Raw,
        )
        .await?;
    Ok(answer.into_inner())
}
