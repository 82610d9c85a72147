//! What the layers of the upstream's client cost a call: with retries and the breaker, and without, over an upstream that
//! answers at once and is no process of its own.
//!
//! `cargo bench --bench stack` takes turns and prints the processor time of a call on each side. The bar: 3 µs between them.
//! A third side counts what becomes of calls: its bar is 2 µs.

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::future::ready;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use portico::telemetry::metrics::Metrics;
use portico::upstream::operation::ListExtensions;
use portico::upstream::value::Id;
use portico::upstream::{Client, Context, Error, Exchange, Lane, License, Transport, client};
use tokio::time::Instant;
use tower::service_fn;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 11;
const CALLS: i64 = 100_000;

const BODY: &[u8] =
    b"lstportaActiveCalls,ExtensionLst,Extension,ExtensionDeleted,ExtensionsActiveCalls,License,ContentId,\
FeatureName\n,[],,False,,LIC,0,\n";

/// A client of which each call is answered at once.
fn client(params: &client::Params) -> Result<Client> {
    let http = service_fn(|_: Exchange| {
        let mut answer = Response::new(Bytes::from_static(BODY));
        let csv = HeaderValue::from_static("text/csv");
        answer.headers_mut().insert(CONTENT_TYPE, csv);
        ready(Ok::<_, Error>(answer))
    });
    Ok(Client::over(
        http,
        "http://porta".parse()?,
        Transport::Routes,
        params,
    ))
}

/// The time of a call, one after another; there is nothing to wait for, so it is the processor's.
async fn turn(client: &Client) -> Result<Duration> {
    let license = License::parse(License::DEFAULT_NAME, "bench", Transport::Routes)?;
    let context = Context {
        deadline: Some(Instant::now() + Duration::from_secs(60)),
        ..Context::of_gateway(license, Lane::Call)
    };
    let began = Instant::now();
    for customer in 1..=CALLS {
        let operation = ListExtensions {
            i_customer: Id::parse(customer)?,
            products: None,
        };
        client.call(&context, &operation).await?;
    }
    Ok(began.elapsed() / u32::try_from(CALLS)?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let with = client(&client::Params::default())?;
    let mut params = client::Params::default();
    params.stack.retry.attempts = 1;
    params.stack.breaker.failures = 0;
    let without = client(&params)?;
    let metrics = Metrics::default();
    let counted = client(&client::Params {
        meter: metrics.meter(),
        ..client::Params::default()
    })?;
    let sides = [&with, &without, &counted];
    let mut times = sides.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (client, times) in sides.iter().zip(&mut times) {
            times.push(runtime.block_on(turn(client))?);
        }
    }
    let [on, off, counted] = times.map(median);
    println!("| a call | |");
    println!("| --- | --- |");
    println!("| with retries and the breaker | {on:.2?} |");
    println!("| with one attempt and no breaker | {off:.2?} |");
    println!("| between them | {:.2?} |", on.saturating_sub(off));
    println!("| with retries, the breaker and metrics | {counted:.2?} |");
    println!("| the metrics of it | {:.2?} |", counted.saturating_sub(on));
    Ok(())
}
