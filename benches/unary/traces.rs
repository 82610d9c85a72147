//! What traces cost: gateways without, with one trace in a hundred, and with all, in alternating rounds.

use std::convert::Infallible;
use std::time::Duration;

use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::harness::portico::Portico;
use super::harness::process::Role;
use super::harness::rounds::{alternate, median};
use super::harness::{Result, process, table};
use super::load::Target;
use super::{CONNECTIONS, IN_FLIGHT, upstream};

/// The argument that makes this binary a collector.
pub(super) const ROLE: &str = "collector-role";

/// The bars for one trace in a hundred, against none.
const MIN_RATIO: f64 = 0.95;
const MAX_COST_US: f64 = 2.0;

/// Takes everything, until killed.
pub(super) async fn collect() -> Result<()> {
    let incoming = TcpIncoming::from(process::listen().await?).with_nodelay(Some(true));
    let export = service_fn(async |request: http::Request<Body>| {
        // Both messages without their fields.
        let grpc = Grpc::new(ProstCodec::<(), ()>::default());
        let mut grpc = grpc.apply_max_message_size_config(Some(usize::MAX), None);
        let take = service_fn(async |_: Request<()>| Ok::<_, Status>(Response::new(())));
        Ok::<_, Infallible>(grpc.unary(take, request).await)
    });
    Server::builder().serve_with_incoming(export, incoming).await?;
    Ok(())
}

/// Prints what the traces of a share of calls cost.
pub(super) async fn compare(rounds: usize, time: Duration) -> Result<()> {
    let upstream = Role::start(&[upstream::ROLE]).await?;
    let collector = Role::start(&[ROLE]).await?;
    let endpoint = format!("http://{}", collector.address);
    let to = ["--otlp-endpoint", &endpoint];
    let of = |share| {
        [
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", share),
        ]
    };
    let gateways = [
        Portico::serve(upstream.address, &[]).await?,
        Portico::serve_with(upstream.address, &to, &of("0.01")).await?,
        Portico::serve_with(upstream.address, &to, &of("1")).await?,
    ];
    let [none, few, all] = &gateways;
    let mut targets = [
        Target::connect(none.address, none.meter, CONNECTIONS).await?,
        Target::connect(few.address, few.meter, CONNECTIONS).await?,
        Target::connect(all.address, all.meter, CONNECTIONS).await?,
    ];
    for target in &targets {
        target.throughput(IN_FLIGHT, time).await?;
    }
    let [none, few, all] = alternate(&mut targets, rounds, async |target| {
        target.throughput(IN_FLIGHT, time).await
    })
    .await?;
    table::head(&[
        "traces of",
        "throughput, of that without",
        "processor time a call, us more",
        "bar",
        "",
    ]);
    for (name, traced) in [("one call in a hundred", few), ("all calls", all)] {
        let pairs = || traced.iter().zip(&none);
        let ratio = median(pairs().map(|(traced, none)| traced.rate / none.rate));
        let cost = median(pairs().map(|(traced, none)| traced.cpu_us - none.cpu_us));
        let is_met = ratio >= MIN_RATIO && cost <= MAX_COST_US;
        let (bar, met) = match name {
            "all calls" => ("none", ""),
            _ if is_met => ("0.95, 2", "met"),
            _ => ("0.95, 2", "missed"),
        };
        table::row(&[
            name.to_owned(),
            format!("{ratio:.3}"),
            format!("{cost:.1}"),
            bar.to_owned(),
            met.to_owned(),
        ]);
    }
    Ok(())
}
