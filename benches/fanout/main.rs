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
//! A gateway tells of what its polls show, so a turn is one change: the upstream holds the gateway's poll, answers it
//! with the next state, and notes when the last byte was written; the bare broadcaster notes when it sends. From there
//! to the moment when the last watcher has the event is the turn's time. What the server's threads ran in all turns,
//! polls and decoding included, by the events delivered is an event's cost.
//!
//! `cargo bench --bench fanout` runs everything; `-- delivery`, `-- load`, `-- sandbox`, `-- drain` one part, and
//! `FANOUT_TURNS` sets the turns of a row (default 60).

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod bare;
mod delivery;
mod drain;
mod frames;
mod gateway;
mod load;
mod process;
mod sandbox;
mod upstream;
mod watchers;

/// Nothing here is handled: what goes wrong ends the run.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    // Cargo passes `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let runtime = |threads| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
    };
    match args.first().map(String::as_str) {
        Some(upstream::ROLE) => runtime(1)?.block_on(upstream::run()),
        // As `#[tokio::main]` would: a thread a core.
        Some(bare::ROLE) => tokio::runtime::Runtime::new()?.block_on(bare::run()),
        part => runtime(1)?.block_on(drive(part)),
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
