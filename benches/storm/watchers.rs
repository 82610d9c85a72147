//! Watchers who only look whether what they see is live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portico::proto::v1::{ActiveCallsRequest, Freshness};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::harness::Result;
use super::reads::{Client, client};

/// Watchers on one connection.
const STREAMS: usize = 100;

/// The watchers; they leave when this is dropped.
#[derive(Debug)]
pub(crate) struct Watchers {
    live: Vec<Arc<AtomicBool>>,
    _tasks: JoinSet<()>,
}

impl Watchers {
    /// So many of them, each of one of so many customers.
    pub(crate) fn start(gateway: std::net::SocketAddr, watchers: usize, feeds: i64) -> Result<Self> {
        let (mut live, mut tasks) = (Vec::new(), JoinSet::new());
        let mut channel = client(gateway)?;
        for (number, i_customer) in (0..watchers).zip((1..=feeds).cycle()) {
            if number.is_multiple_of(STREAMS) {
                channel = client(gateway)?;
            }
            let is_live = Arc::new(AtomicBool::new(false));
            live.push(is_live.clone());
            tasks.spawn(watch(channel.clone(), i_customer, is_live));
        }
        Ok(Self { live, _tasks: tasks })
    }

    pub(crate) fn count_live(&self) -> usize {
        let is_live = |live: &&Arc<AtomicBool>| live.load(Ordering::Relaxed);
        self.live.iter().filter(is_live).count()
    }

    /// Waits until all are live, and gives for how long.
    pub(crate) async fn all_live(&self, at_most: Duration) -> Result<Duration> {
        let began = Instant::now();
        while self.count_live() < self.live.len() {
            if began.elapsed() > at_most {
                let count = self.count_live();
                return Err(format!("{count} of {} are live after {at_most:?}", self.live.len()).into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(began.elapsed())
    }
}

/// Watches, and comes back after every end.
async fn watch(mut client: Client, i_customer: i64, is_live: Arc<AtomicBool>) {
    loop {
        let request = ActiveCallsRequest {
            i_customer,
            ..ActiveCallsRequest::default()
        };
        if let Ok(events) = client.active_calls(request).await {
            let mut events = events.into_inner();
            while let Ok(Some(event)) = events.message().await {
                is_live.store(event.freshness() == Freshness::Live, Ordering::Relaxed);
            }
        }
        is_live.store(false, Ordering::Relaxed);
        sleep(Duration::from_millis(rand::random_range(100..1_500))).await;
    }
}
