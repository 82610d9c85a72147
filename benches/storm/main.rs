//! Storms: what reaches an upstream that fails, how soon all is well again, and what healthy calls feel of polls that hang.
//!
//! ```text
//!   reads, 300 a second ──┐
//!   1,000 watchers ───────┴──▶ portico serve ──▶ an upstream that fails when it is told to
//!                              (a process)        (here)
//! ```
//!
//! `cargo bench --bench storm` takes about five minutes, and ends with an error if a bar is missed; `-- partly`,
//! `-- outage` and `-- isolation` are parts of it.

#![allow(clippy::print_stdout, reason = "it prints tables")]

#[allow(dead_code, reason = "what the other benches use")]
#[path = "../harness/harness.rs"]
mod harness;
mod isolation;
mod outage;
mod reads;
mod upstream;
mod watchers;

use self::harness::portico::Portico;
use self::harness::{Result, settings, table};
use self::upstream::{Mode, Upstream};

/// A row of a table: what was measured, what it came to, and whether that is within its bar.
#[derive(Debug)]
struct Row {
    what: &'static str,
    value: String,
    bar: &'static str,
    is_met: bool,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let parts = settings::args();
    let is_asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    let mut missed = 0;
    if is_asked("outage") {
        for (title, mode) in [
            ("503 for all", Mode::Busy),
            ("every connection reset", Mode::Reset),
        ] {
            missed += told(&format!("Reads, {title}"), outage::reads(mode).await?);
            missed += told(&format!("1,000 watchers, {title}"), outage::watchers(mode).await?);
        }
    }
    if is_asked("partly") {
        missed += told("Reads, 503 for every third", outage::partly().await?);
    }
    if is_asked("isolation") {
        missed += told("Reads while polls hang", isolation::run().await?);
    }
    if missed > 0 {
        return Err(format!("{missed} bars are missed").into());
    }
    Ok(())
}

/// Prints a table, and gives how many bars are missed.
fn told(title: &str, rows: Vec<Row>) -> usize {
    println!("\n## {title}\n");
    table::head(&["what", "", "bar", ""]);
    let mut missed = 0;
    for Row {
        what,
        value,
        bar,
        is_met,
    } in rows
    {
        missed += usize::from(!is_met);
        let met = if is_met { "met" } else { "missed" };
        table::row(&[what.to_owned(), value, bar.to_owned(), met.to_owned()]);
    }
    missed
}

/// A gateway with its defaults, in front of an upstream that is well.
async fn started() -> Result<(Upstream, Portico)> {
    let upstream = Upstream::start().await?;
    let gateway = Portico::serve(upstream.address, &[]).await?;
    Ok((upstream, gateway))
}
