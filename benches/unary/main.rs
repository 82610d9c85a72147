//! A unary RPC with an upstream call: the gateway beside a bare tonic handler, in one run.
//!
//! ```text
//!                     ┌─▶ portico serve      ListExtensions, everything on ─┐
//!   client (this) ────┤                                                     ├──▶ upstream, 20 rows as CSV
//!                     └─▶ bare tonic handler passes the CSV through ────────┘
//! ```
//!
//! The gateway decodes the CSV, converts the rows and encodes them; the bare handler puts the body into a bytes field as
//! it came, with the same HTTP client and the same runtime. Each party is a process of its own: the servers are this
//! binary, started again with a role. The client sends the same bytes to both and decodes no answer, so that the larger
//! message of the one does not cost the other. Rounds alternate, and what counts is the ratio within a round: what else
//! the machine does falls on both.
//!
//! `cargo bench --bench unary`; with `-- --seconds 1 --rounds 3` a shorter run.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints a table")]

mod bare;
mod load;
mod process;
mod raw;
mod upstream;

use std::error::Error;
use std::time::Duration;

use self::load::{Latency, Target};
use self::process::Server;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the gateway is held to, beside the bare handler.
const MIN_THROUGHPUT_RATIO: f64 = 0.8;
const MAX_OVERHEAD_US: f64 = 150.0;
const MAX_IDLE_MIB: f64 = 15.0;

const CONNECTIONS: usize = 8;
const IN_FLIGHT: usize = 64;

struct Settings {
    rounds: usize,
    seconds: Duration,
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // The number of worker threads is the machine's, as in the gateway.
    let runtime = tokio::runtime::Runtime::new()?;
    match *args {
        ["upstream"] => runtime.block_on(upstream::run()),
        ["bare", base] => runtime.block_on(bare::run(base)),
        _ => runtime.block_on(compare(&settings(&args)?)),
    }
}

fn settings(args: &[&str]) -> Outcome<Settings> {
    let value = |flag: &str| {
        let at = args.iter().position(|arg| *arg == flag);
        at.and_then(|at| args.get(at + 1))
            .map(|value| value.parse::<u32>())
    };
    Ok(Settings {
        rounds: value("--rounds").transpose()?.unwrap_or(7).try_into()?,
        seconds: Duration::from_secs(value("--seconds").transpose()?.unwrap_or(3).into()),
    })
}

async fn compare(settings: &Settings) -> Outcome<()> {
    let upstream = Server::upstream()?;
    let gateway = Server::gateway(upstream.port())?;
    let bare = Server::bare(upstream.port())?;
    let gateway_target = Target::connect("gateway", gateway.port(), CONNECTIONS).await?;
    let bare_target = Target::connect("bare", bare.port(), CONNECTIONS).await?;
    println!(
        "answer of 20 rows: gateway {} bytes, bare {} bytes",
        gateway_target.size, bare_target.size
    );

    // Idle: it has answered once on each connection.
    let idle = gateway.resident_mib()?;
    for (target, server) in [(&gateway_target, &gateway), (&bare_target, &bare)] {
        target.throughput(server, IN_FLIGHT, settings.seconds).await?;
        target.latency(settings.seconds).await?;
    }

    println!("\n{IN_FLIGHT} in flight on {CONNECTIONS} connections: calls a second, processor time a call");
    println!(
        "{:>5} {:>10} {:>10} {:>7} {:>12} {:>10}",
        "round", "gateway", "bare", "ratio", "gateway us", "bare us"
    );
    let (mut ratios, mut costs, mut bare_costs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=settings.rounds {
        let ours = gateway_target
            .throughput(&gateway, IN_FLIGHT, settings.seconds)
            .await?;
        let theirs = bare_target.throughput(&bare, IN_FLIGHT, settings.seconds).await?;
        let ratio = ours.rate / theirs.rate;
        println!(
            "{round:>5} {:>10.0} {:>10.0} {ratio:>7.3} {:>12.0} {:>10.0}",
            ours.rate, theirs.rate, ours.cpu_us, theirs.cpu_us
        );
        ratios.push(ratio);
        costs.push(ours.cpu_us);
        bare_costs.push(theirs.cpu_us);
    }

    println!("\n1 in flight, microseconds");
    println!(
        "{:>5} {:>10} {:>10} {:>9} {:>12} {:>10}",
        "round", "gateway", "bare", "p50 over", "gateway p99", "bare p99"
    );
    let mut overheads = Vec::new();
    for round in 1..=settings.rounds {
        let ours: Latency = gateway_target.latency(settings.seconds).await?;
        let theirs = bare_target.latency(settings.seconds).await?;
        let over = ours.p50 - theirs.p50;
        println!(
            "{round:>5} {:>10.0} {:>10.0} {over:>9.0} {:>12.0} {:>10.0}",
            ours.p50, theirs.p50, ours.p99, theirs.p99
        );
        overheads.push(over);
    }

    let (ratio, overhead) = (median(ratios), median(overheads));
    println!("\n{:<44} {:>8}  bar", "median", "");
    line(
        "throughput, gateway / bare",
        ratio,
        3,
        "at least 0.8",
        ratio >= MIN_THROUGHPUT_RATIO,
    );
    line(
        "p50, gateway - bare, us",
        overhead,
        0,
        "under 150",
        overhead < MAX_OVERHEAD_US,
    );
    line(
        "resident memory of the idle gateway, MiB",
        idle,
        1,
        "under 15",
        idle < MAX_IDLE_MIB,
    );
    line(
        "the same after the run, MiB",
        gateway.resident_mib()?,
        1,
        "none",
        true,
    );
    line(
        "processor time a call, gateway, us",
        median(costs),
        0,
        "none",
        true,
    );
    line(
        "processor time a call, bare, us",
        median(bare_costs),
        0,
        "none",
        true,
    );
    Ok(())
}

fn line(what: &str, value: f64, digits: usize, bar: &str, met: bool) {
    let verdict = if met { "" } else { "  MISSED" };
    println!("{what:<44} {value:>8.digits$}  {bar}{verdict}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
