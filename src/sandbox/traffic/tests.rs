//! The history of a world, by its seed and its clock.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;

use super::*;
use crate::wire::Extension;

const START: Duration = Duration::from_secs(1_800_000_000);

fn records(count: i32) -> Vec<Record> {
    (1..=count)
        .map(|n| Record {
            extension: Extension {
                i_c_ext: n,
                i_account: 7000 + n,
                account_id: Some(format!("1555000{n:04}")),
                ..Extension::default()
            },
            ..Record::default()
        })
        .collect()
}

fn traffic(seed: u64, params: &Params, records: &[Record]) -> Traffic {
    let mut traffic = Traffic::new(START);
    traffic.connect(1, records, params, ChaCha8Rng::seed_from_u64(seed));
    traffic
}

fn rows(traffic: &Traffic, records: &[Record]) -> Vec<ActiveCall> {
    traffic.rows(1, &records.iter().collect::<Vec<_>>())
}

fn busy() -> Params {
    Params {
        calls_per_minute: 30.0,
        mean_duration: Duration::from_secs(40),
    }
}

#[test]
fn small_steps_make_the_same_history_as_one_big_step() {
    let records = records(10);
    let (mut small, mut big) = (traffic(5, &busy(), &records), traffic(5, &busy(), &records));
    for second in 0..=1800 {
        small.advance(1, Duration::from_secs(second));
        if second % 600 == 599 {
            big.advance(1, Duration::from_secs(second));
            assert_eq!(rows(&small, &records), rows(&big, &records), "after {second} s");
        }
    }
    assert_ne!(rows(&small, &records), [], "an empty history proves nothing");
}

#[test]
fn another_seed_makes_another_history() {
    let records = records(10);
    assert_ne!(
        rows(&traffic(5, &busy(), &records), &records),
        rows(&traffic(6, &busy(), &records), &records)
    );
}

#[test]
fn no_line_has_two_calls_and_every_kind_of_call_is_seen() {
    let records = records(6);
    let mut traffic = traffic(5, &busy(), &records);
    let (mut kinds, mut ringing, mut forwarded) = (BTreeSet::new(), false, false);
    for second in 0..3600 {
        traffic.advance(1, Duration::from_secs(second));
        let rows = rows(&traffic, &records);
        let accounts: BTreeSet<_> = rows.iter().map(|row| row.i_account).collect();
        assert_eq!(
            accounts.len(),
            rows.len(),
            "a line with two calls after {second} s"
        );
        ringing |= rows.iter().any(|row| row.connect_time == Time::default());
        let mut legs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &rows {
            legs.entry(row.call_id.clone()).or_default().push(row);
        }
        forwarded |= legs.values().any(|legs| match legs[..] {
            [from, to] if to.call_type.as_deref() == Some("Forwarded") => {
                assert_ne!((&from.cli, &from.cld), (&to.cli, &to.cld));
                assert_ne!(from.i_connection, to.i_connection);
                true
            }
            _ => false,
        });
        kinds.extend(rows.into_iter().filter_map(|row| row.call_type));
    }
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["Forwarded", "Incoming", "Internal", "Outgoing"]
    );
    assert!(ringing && forwarded);
}

#[test]
fn the_duration_of_a_connected_call_moves_and_its_start_does_not() {
    let records = records(10);
    let params = Params {
        mean_duration: Duration::from_secs(100_000),
        ..busy()
    };
    let mut traffic = traffic(5, &params, &records);
    let first = |traffic: &Traffic| rows(traffic, &records).into_iter().next().expect("a call is up");
    let before = first(&traffic);
    traffic.advance(1, Duration::from_secs(60));
    let after = first(&traffic);
    assert_eq!(
        (&before.call_id, before.connect_time),
        (&after.call_id, after.connect_time)
    );
    let minutes = |row: &ActiveCall| {
        row.duration_mins
            .as_ref()
            .and_then(|text| text.parse::<f64>().ok())
    };
    let moved = minutes(&after)
        .zip(minutes(&before))
        .map(|(after, before)| after - before);
    assert!(moved.is_some_and(|moved| (moved - 1.0).abs() < 0.02), "{moved:?}");
}

#[test]
fn a_silent_customer_has_no_calls() {
    let records = records(3);
    let params = Params {
        calls_per_minute: 0.0,
        ..busy()
    };
    let mut traffic = traffic(5, &params, &records);
    traffic.advance(1, Duration::from_secs(86_400));
    assert_eq!(rows(&traffic, &records), []);
}
