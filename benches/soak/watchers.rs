//! Watchers that fold what they are told, and check it event by event.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portico::client::{CallSet, Fold, Freshness};
use portico::proto::v1::ActiveCallsRequest;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::Status;

use super::callers::told;
use super::findings::Findings;
use super::harness::Result;
use super::world::{Client, Witness, World, client};

const WATCHERS: i64 = 2_000;

/// Watchers on one connection.
const STREAMS: i64 = 100;

/// How long all may need to be up to date once there is no trouble.
const PATIENCE: Duration = Duration::from_secs(120);

/// The watchers; they leave when this is dropped.
#[derive(Debug)]
pub(crate) struct Watchers {
    seen: Vec<Arc<Mutex<Seen>>>,
    _tasks: JoinSet<()>,
}

/// What one watcher knows.
#[derive(Debug)]
struct Seen {
    customer: i64,
    calls: Option<Arc<CallSet>>,
    is_live: bool,
}

impl Watchers {
    /// Has them watch, each one of the customers, for as long as this lives.
    pub(crate) fn start(gateway: SocketAddr, world: &Arc<World>, findings: &Findings) -> Result<Self> {
        let mut seen = Vec::new();
        let mut tasks = JoinSet::new();
        for first in (0..WATCHERS).step_by(STREAMS.unsigned_abs().try_into()?) {
            let client = client(gateway)?;
            for number in first..first + STREAMS {
                let customers = i64::try_from(world.customers.len())?;
                let one = Arc::new(Mutex::new(Seen {
                    customer: number % customers + 1,
                    calls: None,
                    is_live: false,
                }));
                seen.push(one.clone());
                tasks.spawn(watch(client.clone(), one, world.clone(), findings.clone()));
            }
        }
        Ok(Self { seen, _tasks: tasks })
    }

    /// Waits until every watcher has what the witness sees; who has not in the end is a finding.
    pub(crate) async fn converge(&self, witness: &Witness, world: &World, findings: &Findings) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        for customer in world.customers.keys() {
            loop {
                let now = witness.active_calls(*customer).await?;
                let calls: BTreeSet<_> = now.calls.iter().map(|call| call.key.as_str()).collect();
                let statuses: BTreeSet<_> = now.extension_statuses.iter().map(|row| row.i_c_ext).collect();
                let behind = self.count(*customer, |set| {
                    set.calls().map(|call| call.key.as_str()).collect::<BTreeSet<_>>() != calls
                        || set.statuses().map(|row| row.i_c_ext).collect::<BTreeSet<_>>() != statuses
                });
                if behind == 0 {
                    break;
                }
                if Instant::now() > until {
                    findings.report(format!("{behind} watchers of customer {customer} are behind"));
                    break;
                }
                sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }

    /// How many watchers of a customer are not live, or have a set of calls that is so.
    fn count(&self, customer: i64, is_behind: impl Fn(&CallSet) -> bool) -> usize {
        let is_behind = |seen: &Seen| !seen.is_live || seen.calls.as_deref().is_none_or(&is_behind);
        let locked = self
            .seen
            .iter()
            .map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner));
        locked
            .filter(|seen| seen.customer == customer && is_behind(seen))
            .count()
    }
}

/// Watches, and comes back after every end.
async fn watch(client: Client, seen: Arc<Mutex<Seen>>, world: Arc<World>, findings: Findings) {
    let mut fold = Fold::default();
    loop {
        let end = follow(client.clone(), &mut fold, &seen, &world, &findings).await;
        let end = end.map_or_else(|end| told(&end), |()| "Ok".to_owned());
        if end.contains("SLOW_CONSUMER") {
            findings.report("a watcher that reads was ended as slow".to_owned());
        }
        findings.told(format!("watch: {end}"));
        seen.lock().unwrap_or_else(PoisonError::into_inner).is_live = false;
        sleep(Duration::from_millis(rand::random_range(100..1_500))).await;
    }
}

async fn follow(
    mut client: Client,
    fold: &mut Fold,
    seen: &Mutex<Seen>,
    world: &World,
    findings: &Findings,
) -> std::result::Result<(), Status> {
    let i_customer = seen.lock().unwrap_or_else(PoisonError::into_inner).customer;
    let request = ActiveCallsRequest {
        i_customer,
        resume_token: fold.resume_token().to_vec(),
        ..ActiveCallsRequest::default()
    };
    fold.begin_stream();
    let mut events = client.active_calls(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        findings.count("events");
        if fold.apply(event).is_err() {
            findings.report(format!(
                "an event of customer {i_customer} does not fit the state before it"
            ));
            fold.forget_token();
            return Ok(());
        }
        let calls = fold.calls().cloned();
        if let Some(calls) = &calls {
            let foreign = calls.statuses().any(|row| row.i_customer != i_customer);
            if foreign {
                findings.report(format!("a watcher of customer {i_customer} was told of another"));
            }
            if let Some(wrong) = world.wrong(i_customer, calls.statuses().map(|row| row.i_c_ext)) {
                findings.report(wrong);
            }
        }
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.calls = calls;
        seen.is_live = fold.freshness() == Freshness::Live;
    }
    Ok(())
}
