//! Callers of reads, two hundred a second in all, who check what they get.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portico::proto::v1::{ListActiveCallsRequest, ListExtensionsRequest};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use super::findings::Findings;
use super::harness::Result;
use super::world::{Client, World, client};

/// How many callers there are, each with a connection of its own.
const CALLERS: u32 = 20;

/// How many calls a second they make together.
const RATE: u32 = 200;

/// How long one of them waits for an answer, if it says so.
const DEADLINE: Duration = Duration::from_secs(2);

/// How many calls one of them has open at once.
const OPEN: usize = 100;

/// Starts the callers; they leave when the trouble is over.
pub(crate) fn start(
    gateway: SocketAddr,
    world: &Arc<World>,
    findings: &Findings,
    over: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<()> {
    for _ in 0..CALLERS {
        let (client, world) = (client(gateway)?, world.clone());
        let (findings, over) = (findings.clone(), over.clone());
        tasks.spawn(async move {
            let mut turn = interval(Duration::from_secs(1) * CALLERS / RATE);
            turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut calls = JoinSet::new();
            while !over.is_cancelled() {
                turn.tick().await;
                if calls.len() < OPEN {
                    calls.spawn(call(client.clone(), world.clone(), findings.clone()));
                }
                while calls.try_join_next().is_some() {}
            }
            while calls.join_next().await.is_some() {}
        });
    }
    Ok(())
}

async fn call(client: Client, world: Arc<World>, findings: Findings) {
    let customer = world.any();
    let answer = if rand::random() {
        extensions(client, customer).await
    } else {
        active_calls(client, customer).await
    };
    findings.count("calls");
    match answer {
        Ok(listed) => {
            findings.told("Ok".to_owned());
            if let Some(wrong) = world.wrong(customer, listed.into_iter()) {
                findings.report(wrong);
            }
        }
        Err(status) => findings.told(told(&status)),
    }
}

async fn extensions(mut client: Client, i_customer: i64) -> std::result::Result<Vec<i64>, Status> {
    let request = ListExtensionsRequest {
        i_customer,
        product_ids: Vec::new(),
    };
    let answer = client.list_extensions(impatient(request)).await?.into_inner();
    Ok(answer.extensions.iter().map(|row| row.i_c_ext).collect())
}

async fn active_calls(mut client: Client, i_customer: i64) -> std::result::Result<Vec<i64>, Status> {
    let request = ListActiveCallsRequest {
        i_customer,
        product_ids: Vec::new(),
    };
    let answer = client.list_active_calls(impatient(request)).await?.into_inner();
    Ok(answer.extension_statuses.iter().map(|row| row.i_c_ext).collect())
}

/// The request, half of the time with a deadline.
fn impatient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    if rand::random() {
        request.set_timeout(DEADLINE);
    }
    request
}

/// What a caller was told, without the details of one call.
pub(crate) fn told(status: &Status) -> String {
    use tonic_types::StatusExt as _;
    let reason = status.get_details_error_info().map(|info| info.reason);
    // What has no reason was not said by the gateway, but by the client's own library.
    let reason = reason.unwrap_or_else(|| format!("({})", status.message()));
    format!("{:?} {reason}", status.code())
}
