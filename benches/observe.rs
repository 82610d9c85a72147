//! What a poll costs beside decoding it: one that shows nothing new, and one with 10 of 5,000 rows changed.
//!
//! Each figure is the median of alternating rounds in one run, so that other load on the machine hits all alike. It is
//! compared with reading the same body by the same code without memory of the last poll, and with plain decoding into
//! the upstream's types.
//!
//! `cargo bench --bench observe`; `OBSERVE_ROUNDS` sets the rounds (default 40).

#![allow(clippy::print_stdout, reason = "it prints a table")]

#[allow(dead_code, reason = "what the other benches use")]
#[path = "harness/harness.rs"]
mod harness;

use bytes::Bytes;
use portico::codec::csv::{self, Style};
use portico::watch::bench::Observer;
use portico::wire::{ActiveCall, Answer, ExtensionStatus, Time};
use tokio::time::Instant;

use self::harness::rounds::{alternate, median};
use self::harness::{Result, settings, table};

const ROWS: i32 = 5_000;

/// How many rows are changed in a changed poll, evenly spread.
const CHANGED: i32 = 10;

fn main() -> Result<()> {
    let rounds = settings::variable("OBSERVE_ROUNDS", 40)?;
    table::head(&[
        &format!("{ROWS} rows of"),
        "body, KB",
        "decode to types, us",
        "to rows, us",
        "unchanged, us",
        "by decode",
        "10 changed, us",
        "by rows",
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        measure("statuses", rounds, |turn| answer(&[], &statuses(turn))).await?;
        measure("calls, all with a new duration", rounds, |turn| {
            answer(&calls(turn), &[])
        })
        .await
    })
}

async fn measure(of: &str, rounds: usize, body: impl Fn(i32) -> Result<Bytes>) -> Result<()> {
    // The same bytes in another allocation, as a socket gives them.
    let bodies = [body(0)?, body(1)?];
    let again = Bytes::copy_from_slice(&bodies[0]);
    let mut unchanged = Observer::default();
    unchanged.read(bodies[0].clone())?;
    let mut changed = Observer::default();
    changed.read(bodies[1].clone())?;
    let mut next = bodies.iter().cycle();
    let mut works: [&mut dyn FnMut() -> Result<()>; 4] = [
        &mut || Ok(csv::one_from_slice::<Answer>(&again).map(|answer| drop(std::hint::black_box(answer)))?),
        &mut || {
            Observer::default()
                .read(again.clone())?
                .ok_or("a first poll is new")?;
            Ok(())
        },
        &mut || match unchanged.read(again.clone())? {
            None => Ok(()),
            Some(_) => Err("the same bytes are new".into()),
        },
        &mut || {
            let next = next.next().ok_or("no next body")?.clone();
            changed.read(next)?.ok_or("a changed poll is the same")?;
            Ok(())
        },
    ];
    let times = alternate(&mut works, rounds, async |work| time(*work)).await?;
    let [decode, rows, unchanged, changed] = times.map(median);
    table::row(&[
        of.to_owned(),
        (again.len() / 1024).to_string(),
        format!("{decode:.0}"),
        format!("{rows:.0}"),
        format!("{unchanged:.0}"),
        format!("**{:.2} %**", unchanged / decode * 100.0),
        format!("{changed:.0}"),
        format!("**{:.1} %**", changed / rows * 100.0),
    ]);
    Ok(())
}

/// Microseconds.
fn time(work: &mut dyn FnMut() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64() * 1e6)
}

fn answer(calls: &[ActiveCall], statuses: &[ExtensionStatus]) -> Result<Bytes> {
    let answer = Answer {
        calls: Some(calls.to_vec()),
        extension_statuses: Some(statuses.to_vec()),
        license: Some("none".to_owned()),
        ..Answer::default()
    };
    Ok(csv::one_to_vec(&answer, Style::V5)?.into())
}

/// Whether a row has its changed value in this turn.
fn changes(row: i32, turn: i32) -> bool {
    turn % 2 == 1 && row % (ROWS / CHANGED) == 0
}

fn statuses(turn: i32) -> Vec<ExtensionStatus> {
    let status = |row| ExtensionStatus {
        i_c_ext: row + 1,
        id: Some(format!("{:04}", 1_000 + row)),
        name: Some(format!("Extension {row} of the second floor")),
        i_account: 40_000 + row,
        account_id: Some(format!("4930901{row:05}")),
        first_name: Some("Wilhelmine".to_owned()),
        last_name: Some("Obermeier-Schulz".to_owned()),
        active_call: changes(row, turn),
        site_name: Some("Frankfurt am Main".to_owned()),
        i_customer_site: 12,
        email: Some(format!("extension{row}@pbx.example.com")),
        i_customer: 1,
        ..ExtensionStatus::default()
    };
    (0..ROWS).map(status).collect()
}

fn calls(turn: i32) -> Vec<ActiveCall> {
    let call = |row| ActiveCall {
        i_env: 3,
        cli: Some(format!("+4930901{row:05}")),
        cld: Some(format!("+4989636{row:05}")),
        account_id: Some(format!("4930901{row:05}")),
        connect_time: Time::utc(1_770_000_000, 0),
        i_customer: 1,
        call_id: Some(format!("6f1ed002ab55{row:04}-4f9c1d3e@pbx.example.com")),
        i_account: 40_000 + row,
        call_count: 1,
        duration_mins: Some(format!("{:02}:{:02}", row % 60, turn % 2)),
        call_type: Some(
            if changes(row, turn) {
                "Incoming"
            } else {
                "Outgoing"
            }
            .to_owned(),
        ),
        vendor_id: 17,
        vendor_name: Some("Carrier Services Wholesale".to_owned()),
        connection_name: Some("Carrier Services Wholesale, Frankfurt 2".to_owned()),
        i_connection: 311,
        gateway_id: Some("fra2-sbc-07.example.net".to_owned()),
        product: Some("Hosted PBX Business".to_owned()),
        extension_number: Some(format!("{:04}", 1_000 + row)),
        ..ActiveCall::default()
    };
    (0..ROWS).map(call).collect()
}
