//! Reads at a steady rate, whatever becomes of them, each about a customer of its own: none is shared.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use portico::proto::v1::ListExtensionsRequest;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

use super::harness::Result;

pub(crate) type Client = CustomerExtensionServiceClient<Channel>;

/// How one read ended.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) asked: Instant,
    pub(crate) took: Duration,
    /// The reason, if it failed.
    pub(crate) failed: Option<String>,
}

pub(crate) fn client(gateway: SocketAddr) -> Result<Client> {
    let endpoint = Endpoint::from_shared(format!("http://{gateway}"))?;
    Ok(Client::new(endpoint.tcp_nodelay(true).connect_lazy()))
}

/// Offers so many reads a second while `goes_on`, which is asked with each what has ended so far; then waits for those
/// under way.
pub(crate) async fn offer(
    client: &Client,
    rate: u32,
    mut goes_on: impl FnMut(&[Read]) -> bool,
) -> Result<Vec<Read>> {
    // Distinct across all offers of the run.
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let mut reads = Vec::new();
    let mut under_way = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / rate);
    // A bench that is held up must not make a storm of its own.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while goes_on(&reads) {
        ticks.tick().await;
        let i_customer = 1_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000_000;
        under_way.spawn(read(client.clone(), i_customer));
        while let Some(ended) = under_way.try_join_next() {
            reads.push(ended?);
        }
    }
    while let Some(ended) = under_way.join_next().await {
        reads.push(ended?);
    }
    Ok(reads)
}

/// Goes on for so long.
pub(crate) fn during(time: Duration) -> impl FnMut(&[Read]) -> bool {
    let until = Instant::now() + time;
    move |_| Instant::now() < until
}

async fn read(mut client: Client, i_customer: i64) -> Read {
    let request = ListExtensionsRequest {
        i_customer,
        product_ids: Vec::new(),
    };
    let asked = Instant::now();
    let answer = client.list_extensions(request).await;
    let failed = answer.err().map(|status| {
        let info = status.get_details_error_info();
        info.map_or_else(|| status.code().to_string(), |info| info.reason)
    });
    Read {
        asked,
        took: asked.elapsed(),
        failed,
    }
}
