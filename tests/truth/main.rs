//! The truth check: what callers were told of changes, held against what the upstream did.
//!
//! ```text
//!   callers ──▶ portico serve (killed and started again) ──▶ the proxy ──▶ portico sandbox
//!      └── what they were told ──▶ the verdict ◀── what arrived and was done ──┘
//! ```
//!
//! The proxy loses connections before it passes a change on and after it was made, is slow, and passes on late. In
//! `cargo test` it is a few hundred changes; `TRUTH_OPERATIONS=1000000 cargo test --release --test truth -- --nocapture` is
//! the long one.

#![allow(clippy::panic, reason = "a check that cannot go on fails")]

mod callers;
mod process;
mod proxy;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use self::callers::{Caller, Told};
use self::process::Portico;
use self::proxy::Proxy;
use self::verdict::{Tally, lies};

/// How many customers there are: enough for their places not to be what is waited for.
const CUSTOMERS: i64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_caller_is_told_of_a_change_is_untrue() {
    let operations = std::env::var("TRUTH_OPERATIONS").map_or(600, |count| count.parse().expect("a number"));
    let callers = (operations / 10).clamp(20, 400);
    let customers = CUSTOMERS.to_string();
    let sandbox = Portico::start(&[
        "sandbox",
        "--sandbox-listen=127.0.0.1:0",
        "--customers",
        &customers,
    ])
    .await;
    let proxy = Proxy::before(sandbox.address("address")).await;
    let upstream = format!("http://{}", proxy.address);
    let serve = |grpc: String| {
        let upstream = upstream.clone();
        async move {
            let serve = [
                "serve",
                "--license=x",
                "--admin-listen=127.0.0.1:0",
                "--upstream-url",
                &upstream,
            ];
            Portico::start(&[&serve[..], &["--listen", &grpc]].concat()).await
        }
    };
    let gateway = serve("127.0.0.1:0".to_owned()).await;
    let grpc = gateway.address("grpc");

    let started = Instant::now();
    let (kills, made) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut calling = JoinSet::new();
    for number in 0..callers {
        let caller = Caller::new(grpc, number, operations / callers, CUSTOMERS, &kills, &made);
        calling.spawn(caller.run());
    }
    // In the middle of it the gateway is killed, and another takes its place.
    let half = async {
        while made.load(Ordering::Relaxed) < operations / 2 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    half.await;
    kills.fetch_add(1, Ordering::Relaxed);
    gateway.kill().await;
    let _gateway = serve(grpc.to_string()).await;

    let mut told: Vec<Told> = Vec::new();
    while let Some(calls) = calling.join_next().await {
        told.extend(calls.expect("a caller does not panic"));
    }
    let history = Arc::new(proxy).finish().await;
    let tally = Tally::of(&told, &history);
    println!("{tally:?} in {:?}", started.elapsed());
    let lies = lies(&told, &history);
    assert!(
        lies.is_empty(),
        "{} lies: {:#?}",
        lies.len(),
        &lies[..lies.len().min(20)]
    );
    assert!(tally.ok > 0 && tally.unknown > 0, "{tally:?}");
    assert!(tally.made_although_lost > 0, "nothing was settled: {tally:?}");
}
