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
//! message of the one does not cost the other. Rounds alternate, and what counts is the ratio within a round: other load
//! on the machine hits both.
//!
//! `cargo bench --bench unary`; with `-- --seconds 1 --rounds 3` a shorter run. `-- traces` is what traces cost.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints a table")]

mod bare;
#[allow(dead_code, reason = "what the other benches use")]
#[path = "../harness/harness.rs"]
mod harness;
mod load;
mod raw;
mod traces;
mod upstream;

use std::time::Duration;

use self::harness::portico::Portico;
use self::harness::process::Role;
use self::harness::rounds::{alternate, median};
use self::harness::{Result, settings, table};
use self::load::{Latency, Target, Throughput};

/// The bars for the gateway, against the bare handler.
const MIN_THROUGHPUT_RATIO: f64 = 0.8;
const MAX_OVERHEAD_US: f64 = 150.0;
const MAX_IDLE_MIB: f64 = 15.0;

const CONNECTIONS: usize = 8;
const IN_FLIGHT: usize = 64;

fn main() -> Result<()> {
    let args = settings::args();
    // The number of worker threads is the machine's, as in the gateway.
    let runtime = tokio::runtime::Runtime::new()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [upstream::ROLE] => runtime.block_on(upstream::run()),
        [bare::ROLE, base] => runtime.block_on(bare::run(base)),
        [traces::ROLE] => runtime.block_on(traces::collect()),
        ["traces", ..] => {
            let rounds = settings::flag(&args, "--rounds", 7)?;
            let time = Duration::from_secs(settings::flag(&args, "--seconds", 3)?);
            runtime.block_on(traces::compare(rounds, time))
        }
        _ => {
            let rounds = settings::flag(&args, "--rounds", 7)?;
            let time = Duration::from_secs(settings::flag(&args, "--seconds", 3)?);
            runtime.block_on(compare(rounds, time))
        }
    }
}

async fn compare(rounds: usize, time: Duration) -> Result<()> {
    let upstream = Role::start(&[upstream::ROLE]).await?;
    let gateway = Portico::serve(upstream.address, &[]).await?;
    let bare = Role::start(&[bare::ROLE, &format!("http://{}/", upstream.address)]).await?;
    let mut targets = [
        Target::connect(gateway.address, gateway.meter, CONNECTIONS).await?,
        Target::connect(bare.address, bare.meter, CONNECTIONS).await?,
    ];
    let [ours, theirs] = targets.each_ref().map(|target| target.size);
    println!("answer of 20 rows: gateway {ours} bytes, bare {theirs} bytes");

    // Idle: it has answered once on each connection.
    let idle = gateway.meter.resident()? / 1024.0;
    for target in &targets {
        target.throughput(IN_FLIGHT, time).await?;
        target.latency(time).await?;
    }
    let loaded = alternate(&mut targets, rounds, async |target| {
        target.throughput(IN_FLIGHT, time).await
    });
    let loaded = loaded.await?;
    let quiet = alternate(&mut targets, rounds, async |target| target.latency(time).await).await?;
    print_throughput(&loaded);
    print_latency(&quiet);

    let ratio = median(pairs(&loaded).map(|(ours, theirs)| ours.rate / theirs.rate));
    let overhead = median(pairs(&quiet).map(|(ours, theirs)| ours.p50 - theirs.p50));
    let after = gateway.meter.resident()? / 1024.0;
    let [ours, theirs] = loaded.map(|side| median(side.iter().map(|round| round.cpu_us)));
    println!("\nmedians\n");
    table::head(&["what", "figure", "bar", ""]);
    let verdict = |met: bool| if met { "" } else { "MISSED" };
    println!(
        "| throughput, gateway / bare | {ratio:.3} | at least {MIN_THROUGHPUT_RATIO} | {} |\n\
         | p50, gateway - bare, us | {overhead:.0} | under {MAX_OVERHEAD_US} | {} |\n\
         | resident memory of the idle gateway, MiB | {idle:.1} | under {MAX_IDLE_MIB} | {} |\n\
         | the same after the run, MiB | {after:.1} | none | |\n\
         | processor time a call, gateway, us | {ours:.0} | none | |\n\
         | processor time a call, bare, us | {theirs:.0} | none | |",
        verdict(ratio >= MIN_THROUGHPUT_RATIO),
        verdict(overhead < MAX_OVERHEAD_US),
        verdict(idle < MAX_IDLE_MIB),
    );
    Ok(())
}

/// What the gateway and the bare handler gave, round by round.
fn pairs<T>([ours, theirs]: &[Vec<T>; 2]) -> impl Iterator<Item = (&T, &T)> {
    ours.iter().zip(theirs)
}

fn print_throughput(rounds: &[Vec<Throughput>; 2]) {
    println!("\n{IN_FLIGHT} in flight on {CONNECTIONS} connections: calls a second, processor time a call\n");
    table::head(&["gateway", "bare", "ratio", "gateway, us", "bare, us"]);
    for (ours, theirs) in pairs(rounds) {
        table::row(&[
            format!("{:.0}", ours.rate),
            format!("{:.0}", theirs.rate),
            format!("{:.3}", ours.rate / theirs.rate),
            format!("{:.0}", ours.cpu_us),
            format!("{:.0}", theirs.cpu_us),
        ]);
    }
}

fn print_latency(rounds: &[Vec<Latency>; 2]) {
    println!("\n1 in flight, microseconds\n");
    table::head(&["gateway p50", "bare p50", "over", "gateway p99", "bare p99"]);
    for (ours, theirs) in pairs(rounds) {
        let cells = [ours.p50, theirs.p50, ours.p50 - theirs.p50, ours.p99, theirs.p99];
        table::row(&cells.map(|cell| format!("{cell:.0}")));
    }
}
