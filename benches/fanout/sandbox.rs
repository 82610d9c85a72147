//! What 200 watchers of one customer cost the sandbox, whose world moves, by its own count.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Result;
use super::gateway::Portico;
use super::watchers::{STREAMS, Watchers};

const WATCHERS: usize = 200;
const INTERVAL: Duration = Duration::from_secs(2);
const INTERVALS: u32 = 10;

/// The operation that is polled, by the sandbox's name for it.
const POLLED: &str = "ActiveCalls";

/// Counts over some intervals.
pub(super) async fn run() -> Result<()> {
    let sandbox = Portico::start(&["sandbox", "--sandbox-listen", "127.0.0.1:0"], "address").await?;
    let gateway = Portico::serve(sandbox.address, &["--poll-interval", "2s"]).await?;
    let mut watchers = Watchers::connect(gateway.address, WATCHERS / STREAMS).await?;
    watchers.open(|_| 1).await?;
    let started = Instant::now();
    let before = polls(sandbox.address).await?;
    sleep(INTERVAL * INTERVALS).await;
    let requests = polls(sandbox.address).await? - before;
    let intervals = started.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
    println!("## the sandbox under {WATCHERS} watchers of one customer\n");
    println!(
        "{requests} requests in {intervals:.1} intervals; {} events delivered\n",
        watchers.messages()
    );
    Ok(())
}

async fn polls(sandbox: SocketAddr) -> Result<u64> {
    let socket = TokioIo::new(TcpStream::connect(sandbox).await?);
    let (mut requests, connection) = hyper::client::conn::http1::handshake(socket).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let request = http::Request::get("/_sandbox/stats")
        .header("host", "localhost")
        .body(Empty::<bytes::Bytes>::new())?;
    let body = requests
        .send_request(request)
        .await?
        .into_body()
        .collect()
        .await?;
    let stats: serde_json::Value = serde_json::from_slice(&body.to_bytes())?;
    Ok(stats["by_operation"][POLLED].as_u64().unwrap_or_default())
}
