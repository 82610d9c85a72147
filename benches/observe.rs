//! What a poll costs beside decoding it: one that shows nothing new, and one with 10 of 5,000 rows changed.
//!
//! Each figure is the median of alternating rounds in one run, so that other load on the machine hits all alike. What
//! they are compared with is the same body read by the same code without memory of the last poll, and the plain
//! decoding into the upstream's types.
//!
//! `cargo bench --bench observe`; `OBSERVE_ROUNDS` sets the rounds (default 40).

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::time::Duration;

use bytes::Bytes;
use portico::codec::csv::{self, Style};
use portico::watch::bench::Observer;
use portico::wire::{ActiveCall, Answer, ExtensionStatus, Time};
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROWS: i32 = 5_000;

/// How many rows a changed poll shows otherwise, evenly spread.
const CHANGED: i32 = 10;

fn main() -> Result<()> {
    let rounds = std::env::var("OBSERVE_ROUNDS").map_or(Ok(40), |rounds| rounds.parse())?;
    println!(
        "| {ROWS} rows of | body, KB | decode to types, us | to rows, us | unchanged, us | by decode | 10 changed, us | by rows |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    measure("statuses", rounds, |turn| answer(&[], &statuses(turn)))?;
    measure("calls, all with a new duration", rounds, |turn| {
        answer(&calls(turn), &[])
    })?;
    Ok(())
}

fn measure(of: &str, rounds: usize, body: impl Fn(i32) -> Result<Bytes>) -> Result<()> {
    // The same bytes in another allocation, as a socket gives them.
    let bodies = [body(0)?, body(1)?];
    let again = Bytes::copy_from_slice(&bodies[0]);
    let mut times: [Vec<Duration>; 4] = Default::default();
    let mut unchanged = Observer::default();
    unchanged.read(bodies[0].clone())?;
    let mut changed = Observer::default();
    changed.read(bodies[1].clone())?;
    for round in 0..rounds {
        times[0].push(time(|| {
            Ok(csv::one_from_slice::<Answer>(&again).map(|answer| drop(std::hint::black_box(answer)))?)
        })?);
        times[1].push(time(|| {
            Observer::default()
                .read(again.clone())?
                .ok_or("a first poll is new")?;
            Ok(())
        })?);
        times[2].push(time(|| match unchanged.read(again.clone())? {
            None => Ok(()),
            Some(_) => Err("the same bytes are new".into()),
        })?);
        let next = bodies[round % 2].clone();
        times[3].push(time(|| {
            changed.read(next)?.ok_or("a changed poll is the same")?;
            Ok(())
        })?);
    }
    let [decode, rows, unchanged, changed_poll] = times.map(median);
    println!(
        "| {of} | {} | {:.0} | {:.0} | {:.0} | **{:.2} %** | {:.0} | **{:.1} %** |",
        again.len() / 1024,
        decode * 1e6,
        rows * 1e6,
        unchanged * 1e6,
        unchanged / decode * 100.0,
        changed_poll * 1e6,
        changed_poll / rows * 100.0,
    );
    Ok(())
}

fn time(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
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

/// Whether a row is other in this turn than in the last.
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
