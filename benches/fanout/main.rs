//! The watch beside a bare tonic broadcaster: what an event costs, how fast it reaches the last watcher, what an idle
//! watcher holds, and what the upstream sees.
//!
//! ```text
//!   this process ── drives, watches, measures ──┬─▶ portico serve ─▶ the stand-in upstream   (a process each)
//!                                               └─▶ the bare broadcaster                     (a process)
//! ```
//!
//! Both servers send the same bytes to as many watchers of the same client over as many connections, turn by turn
//! within one run: other load on the machine hits both. The bare broadcaster is what anybody would write: a
//! `tokio::sync::broadcast` channel of messages, each cloned and encoded for each subscriber.
//!
//! A gateway tells what its polls show, so a turn is one change: the upstream holds the gateway's poll, answers it
//! with the next state, and notes when the last byte was written; the bare broadcaster notes when it sends. The turn's
//! time is from there to the moment when the last watcher has the event. An event's cost is the time that the server's
//! threads ran in all turns, polls and decoding included, divided by the events delivered.
//!
//! `cargo bench --bench fanout` runs everything; `-- delivery`, `-- load`, `-- sandbox`, `-- drain` one part, and
//! `FANOUT_TURNS` sets the turns of a row (default 60).

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod bare;
mod delivery;
mod drain;
mod frames;
#[allow(dead_code, reason = "what the other benches use")]
#[path = "../harness/harness.rs"]
mod harness;
mod load;
mod sandbox;
mod upstream;
mod watchers;

use self::harness::{Result, settings};

fn main() -> Result<()> {
    let args = settings::args();
    let runtime = |threads| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
    };
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [upstream::ROLE, changing] => runtime(1)?.block_on(upstream::run(changing.parse()?)),
        // As `#[tokio::main]` would: a thread a core.
        [bare::ROLE] => tokio::runtime::Runtime::new()?.block_on(bare::run()),
        ref part => runtime(1)?.block_on(drive(part.first().copied())),
    }
}

async fn drive(part: Option<&str>) -> Result<()> {
    let wanted = |name| part.is_none_or(|part| part == name);
    if wanted("delivery") {
        delivery::run().await?;
    }
    if wanted("load") {
        load::run().await?;
    }
    if wanted("sandbox") {
        sandbox::run().await?;
    }
    if wanted("drain") {
        drain::run().await?;
    }
    Ok(())
}
