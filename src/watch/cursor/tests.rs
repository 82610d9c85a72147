//! What a watcher is told: deltas, folds and snapshots.

mod freshness;
mod resume;

use std::collections::BTreeMap;

use proptest::prelude::*;
use prost::Message as _;
use prost_types::Timestamp;
use tonic_types::pb;

use super::*;
use crate::proto::v1::active_calls_response::Event;
use crate::proto::v1::{self, ActiveCallsResponse};
use crate::watch::budget::{Account, Budget};
use crate::watch::end::Explain;
use crate::watch::health::Health;
use crate::watch::history::{CallRow, History, State, StatusRow, Table, Token};
use crate::watch::params::Params;

const FEED: u64 = 7;
const EPOCH: u64 = 11;
const HEARTBEAT: Duration = Duration::from_secs(15);
const SECOND: Duration = Duration::from_secs(1);

/// A state by the keys of its calls, each with a note that may change.
type Rows = BTreeMap<u8, u8>;

fn rows(rows: &[(u8, u8)]) -> Rows {
    rows.iter().copied().collect()
}

fn to_state(rows: &Rows) -> State {
    let calls = rows.iter().map(|(key, note)| {
        Arc::new(CallRow::new(v1::ActiveCall {
            key: key.to_string(),
            note: note.to_string(),
            ..v1::ActiveCall::default()
        }))
    });
    let statuses = rows.iter().map(|(key, note)| {
        Arc::new(StatusRow::new(&v1::ExtensionStatus {
            i_c_ext: i64::from(*key),
            note: note.to_string(),
            ..v1::ExtensionStatus::default()
        }))
    });
    State {
        calls: Table::new(calls.collect()),
        statuses: Table::new(statuses.collect()),
    }
}

fn observed(poll: i64) -> Timestamp {
    Timestamp {
        seconds: poll,
        nanos: 0,
    }
}

fn params() -> Params {
    Params {
        ring_entries: 4,
        ..Params::default()
    }
}

/// A log that begins with `state`.
fn begin(feed: u64, epoch: u64, state: State, params: &Params) -> Log {
    let history = History::begin(feed, epoch, state, observed(1), Instant::now(), params.history());
    let account = Account::new(Arc::new(Budget::new(usize::MAX)));
    let explain: Explain = |_| pb::Status::default();
    let metrics = crate::watch::metrics::Metrics::new(&crate::telemetry::metrics::nowhere());
    Log::new(
        history,
        health(Freshness::Live),
        params,
        explain,
        account.into(),
        metrics.into(),
    )
}

fn log_of(first: &[(u8, u8)]) -> Log {
    begin(FEED, EPOCH, to_state(&rows(first)), &params())
}

fn health(freshness: Freshness) -> Health {
    Health {
        freshness,
        since: observed(1),
        cause: None,
        next_poll: None,
    }
}

fn advance(log: &mut Log, next: &[(u8, u8)], poll: i64) {
    log.advance(to_state(&rows(next)), observed(poll), Instant::now());
}

fn start(log: &Log, token: &[u8]) -> Cursor {
    Cursor::start(log, token).expect("a token of this feed")
}

fn decode(frame: &Bytes) -> ActiveCallsResponse {
    assert_eq!(frame[0], 0, "not compressed");
    let len = u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]);
    assert_eq!(len as usize, frame.len() - 5, "one message a frame");
    ActiveCallsResponse::decode(&frame[5..]).expect("an event")
}

fn told(log: &mut Log, cursor: &mut Cursor) -> Vec<ActiveCallsResponse> {
    std::iter::from_fn(|| message(log, cursor))
        .map(|message| decode(&message))
        .collect()
}

/// What the watcher is told next, to the end of the message.
fn message(log: &mut Log, cursor: &mut Cursor) -> Option<Bytes> {
    let mut message = cursor.next(log, HEARTBEAT, Instant::now())?.to_vec();
    while let Some(rest) = cursor.rest_of_message() {
        message.extend(rest);
    }
    Some(message.into())
}

/// The one event that a watcher is told now.
fn one(log: &mut Log, cursor: &mut Cursor) -> ActiveCallsResponse {
    let mut events = told(log, cursor);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn reason(event: &ActiveCallsResponse) -> Option<Reason> {
    match &event.event {
        Some(Event::Snapshot(snapshot)) => Some(snapshot.reason()),
        _ => None,
    }
}

fn delta(event: &ActiveCallsResponse) -> &v1::Delta {
    match &event.event {
        Some(Event::Delta(delta)) => delta,
        other => panic!("not a delta: {other:?}"),
    }
}

/// What a client holds.
#[derive(Debug, Default, PartialEq)]
struct Held {
    version: u64,
    calls: Rows,
    statuses: Rows,
}

impl Held {
    fn of(version: u64, rows: &Rows) -> Self {
        Self {
            version,
            calls: rows.clone(),
            statuses: rows.clone(),
        }
    }

    fn apply(&mut self, event: &ActiveCallsResponse) {
        let call = |call: &v1::ActiveCall| (call.key.parse().unwrap(), call.note.parse().unwrap());
        let status = |status: &v1::ExtensionStatus| {
            (
                u8::try_from(status.i_c_ext).unwrap(),
                status.note.parse().unwrap(),
            )
        };
        match event.event.as_ref().unwrap() {
            Event::Snapshot(snapshot) => {
                self.calls = snapshot.calls.iter().map(call).collect();
                self.statuses = snapshot.extension_statuses.iter().map(status).collect();
            }
            Event::Delta(delta) => {
                assert_eq!(
                    delta.from_version, self.version,
                    "deltas lead on from one another"
                );
                for started in delta.started.iter().map(call) {
                    assert_eq!(self.calls.insert(started.0, started.1), None, "started once");
                }
                for updated in delta.updated.iter().map(call) {
                    let before = self.calls.insert(updated.0, updated.1);
                    assert!(before.is_some_and(|before| before != updated.1), "updated");
                }
                for ended in delta.ended.iter().map(call) {
                    assert_eq!(self.calls.remove(&ended.0), Some(ended.1), "ended as last seen");
                }
                self.statuses.extend(delta.extension_statuses.iter().map(status));
                for removed in &delta.removed_extension_statuses {
                    let removed = self.statuses.remove(&u8::try_from(*removed).unwrap());
                    assert!(removed.is_some(), "removed once");
                }
            }
            // After a resume the version may be another one of the same state.
            Event::Bookmark(_) => {}
            Event::FeedState(_) | Event::Goodbye(_) => assert_eq!(event.version, self.version),
        }
        assert!(event.version >= self.version, "versions do not go back");
        self.version = event.version;
    }
}

#[test]
fn each_change_is_a_version_and_one_delta_that_all_share() {
    let mut log = log_of(&[(1, 0)]);
    let (mut a, mut b) = (start(&log, b""), start(&log, b""));
    assert_eq!(reason(&one(&mut log, &mut a)), Some(Reason::Initial));
    told(&mut log, &mut b);
    advance(&mut log, &[(1, 0)], 2);
    assert_eq!(log.history().version(), 1, "no change, no version");
    assert_eq!(told(&mut log, &mut a), []);
    advance(&mut log, &[(1, 0), (2, 0)], 3);
    let (to_a, to_b) = (
        a.next(&mut log, HEARTBEAT, Instant::now()).unwrap(),
        b.next(&mut log, HEARTBEAT, Instant::now()).unwrap(),
    );
    assert_eq!(to_a.as_ptr(), to_b.as_ptr(), "encoded once");
    let event = decode(&to_a);
    assert_eq!((event.version, event.coalesced), (2, 0));
    assert_eq!(event.observed_at, Some(observed(3)));
    assert_eq!(delta(&event).started.len(), 1);
}

#[test]
fn further_behind_is_one_folded_delta_and_beyond_the_ring_a_snapshot() {
    let mut log = log_of(&[(1, 0)]);
    let mut behind = start(&log, b"");
    let mut lost = start(&log, b"");
    told(&mut log, &mut lost);
    told(&mut log, &mut behind);
    advance(&mut log, &[(1, 1)], 2);
    advance(&mut log, &[(2, 0)], 3);
    advance(&mut log, &[(2, 0), (3, 0)], 4);
    let event = one(&mut log, &mut behind);
    assert_eq!((event.version, event.coalesced), (4, 2));
    assert_eq!(delta(&event).ended[0].note, "0", "as the client holds it");
    advance(&mut log, &[], 5);
    advance(&mut log, &[(4, 0)], 6);
    let event = one(&mut log, &mut lost);
    assert_eq!(reason(&event), Some(Reason::FellBehind));
    assert_eq!(event.version, 6);
}

#[test]
fn a_snapshot_in_parts_has_its_token_in_the_last_and_its_rows_once() {
    let all: Vec<_> = (0..50).map(|key| (key, 0)).collect();
    let params = Params {
        snapshot_part: 64,
        ..params()
    };
    let mut log = begin(FEED, EPOCH, to_state(&rows(&all)), &params);
    let mut cursor = start(&log, b"");
    let first = decode(&message(&mut log, &mut cursor).unwrap());
    // What happens meanwhile comes after the last part.
    advance(&mut log, &[(1, 1)], 2);
    let mut events = vec![first];
    events.extend(told(&mut log, &mut cursor));
    let last = events.pop().unwrap();
    assert_eq!((delta(&last).from_version, last.version), (1, 2));
    assert!(events.len() > 5, "{} parts", events.len());
    let mut seen = (Vec::new(), Vec::new());
    let count = events.len();
    for (number, event) in events.iter().enumerate() {
        let Some(Event::Snapshot(part)) = &event.event else {
            panic!("{event:?}")
        };
        assert_eq!(part.more, number + 1 < count);
        assert_eq!(event.resume_token.is_empty(), part.more);
        assert_eq!((event.version, event.observed_at), (1, Some(observed(1))));
        seen.0
            .extend(part.calls.iter().map(|call| call.key.parse::<u8>().unwrap()));
        seen.1
            .extend(part.extension_statuses.iter().map(|status| status.i_c_ext));
    }
    assert_eq!(seen.0, (0..50).collect::<Vec<u8>>());
    assert_eq!(seen.1, (0..50).collect::<Vec<i64>>());
}

/// A large delta used to be handed out as a whole: who reads slowly could not be told from who reads nothing.
#[test]
fn a_large_delta_is_handed_out_in_pieces_of_one_frame_that_all_share() {
    let mut log = log_of(&[]);
    let (mut a, mut b) = (start(&log, b""), start(&log, b""));
    told(&mut log, &mut a);
    told(&mut log, &mut b);
    let call = CallRow::new(v1::ActiveCall {
        key: "k".to_owned(),
        note: "n".repeat(3 * PIECE),
        ..v1::ActiveCall::default()
    });
    let large = State {
        calls: Table::new(vec![Arc::new(call)]),
        statuses: Table::default(),
    };
    log.advance(large, observed(2), Instant::now());
    let first = a.next(&mut log, HEARTBEAT, Instant::now()).unwrap();
    let same = b.next(&mut log, HEARTBEAT, Instant::now()).unwrap();
    assert_eq!((first.as_ptr(), first.len()), (same.as_ptr(), PIECE));
    // What happens meanwhile, and the end of a watch that is given up, come after the message.
    advance(&mut log, &[(1, 1)], 3);
    a.give_up();
    let mut whole = first.to_vec();
    while let Some(rest) = a.rest_of_message() {
        whole.extend(rest);
    }
    let event = decode(&Bytes::from(whole));
    assert_eq!((event.version, delta(&event).started.len()), (2, 1));
    let rest = std::iter::from_fn(|| b.rest_of_message());
    assert_eq!(rest.count(), 3);
    assert_eq!(delta(&one(&mut log, &mut b)).from_version, 2);
}

/// A change too large for a delta used to leave nothing by which to tell who is stuck.
#[test]
fn a_change_beyond_the_ring_is_pending_too() {
    let begun = Instant::now();
    let small = Params {
        max_delta: 0,
        ..params()
    };
    let mut log = begin(FEED, EPOCH, to_state(&rows(&[])), &small);
    let mut cursor = start(&log, b"");
    told(&mut log, &mut cursor);
    log.advance(to_state(&rows(&[(1, 1)])), observed(2), begun + SECOND);
    assert_eq!(cursor.pending_since(&log, begun), Some(begun + SECOND));
}

#[test]
fn pending_counts_from_the_older_of_change_and_look() {
    let begun = Instant::now();
    let mut log = log_of(&[(1, 0)]);
    let mut cursor = start(&log, b"");
    assert_eq!(cursor.pending_since(&log, begun), Some(begun), "the snapshot");
    told(&mut log, &mut cursor);
    assert_eq!(cursor.pending_since(&log, begun), None);
    log.advance(to_state(&rows(&[])), observed(2), begun + SECOND);
    log.advance(to_state(&rows(&[(2, 2)])), observed(3), begun + 2 * SECOND);
    assert_eq!(cursor.pending_since(&log, begun), Some(begun + SECOND));
    assert_eq!(
        cursor.pending_since(&log, begun + 9 * SECOND),
        Some(begun + 9 * SECOND)
    );
}

proptest! {
    /// With `net.retain(…)` of `fold` taken away, or with `.or(self.before…)` for the last state of a row, this fails.
    #[test]
    fn whatever_a_client_reads_and_when_it_comes_to_the_state(
        states in prop::collection::vec(prop::collection::btree_map(0..5_u8, 0..3_u8, 0..5), 1..12),
        looks in prop::collection::vec(any::<bool>(), 12),
        leaves in prop::collection::vec(any::<bool>(), 12),
    ) {
        let mut log = begin(FEED, EPOCH, to_state(&states[0]), &params());
        let mut cursor = start(&log, b"");
        let (mut held, mut token) = (Held::default(), Vec::new());
        for (step, state) in states.iter().enumerate().skip(1) {
            log.advance(to_state(state), observed(2), Instant::now());
            if leaves[step] {
                cursor = start(&log, &token);
            }
            if looks[step] {
                for event in told(&mut log, &mut cursor) {
                    held.apply(&event);
                    token = event.resume_token;
                }
                prop_assert_eq!(&held, &Held::of(log.history().version(), state));
            }
        }
    }
}

#[test]
fn a_change_that_is_too_large_for_one_message_is_told_as_a_snapshot() {
    let small = Params {
        max_delta: 200,
        ..params()
    };
    let mut log = begin(FEED, EPOCH, to_state(&rows(&[(1, 1)])), &small);
    let mut cursor = start(&log, &[]);
    let token = one(&mut log, &mut cursor).resume_token;
    let many: Vec<(u8, u8)> = (1..100).map(|key| (key, 2)).collect();
    advance(&mut log, &many, 2);
    assert_eq!(reason(&one(&mut log, &mut cursor)), Some(Reason::FellBehind));
    let mut resumed = start(&log, &token);
    assert_eq!(reason(&one(&mut log, &mut resumed)), Some(Reason::TokenExpired));
}

/// A status that is gone used to count with its whole row, and everybody had to read all anew.
#[test]
fn many_statuses_that_go_are_a_small_change() {
    let small = Params {
        max_delta: 1024,
        ..params()
    };
    let statuses = (0..100).map(|id| {
        Arc::new(StatusRow::new(&v1::ExtensionStatus {
            i_c_ext: id,
            note: "n".repeat(100),
            ..v1::ExtensionStatus::default()
        }))
    });
    let full = State {
        calls: Table::default(),
        statuses: Table::new(statuses.collect()),
    };
    let mut log = begin(FEED, EPOCH, full, &small);
    let mut cursor = start(&log, &[]);
    one(&mut log, &mut cursor);
    advance(&mut log, &[], 2);
    let gone = delta(&one(&mut log, &mut cursor))
        .removed_extension_statuses
        .clone();
    assert_eq!(gone, (0..100).collect::<Vec<_>>());
}

#[test]
fn changes_that_are_too_large_together_are_told_as_a_snapshot() {
    let small = Params {
        max_delta: 120,
        ..params()
    };
    let mut log = begin(FEED, EPOCH, to_state(&rows(&[])), &small);
    let mut cursor = start(&log, &[]);
    one(&mut log, &mut cursor);
    advance(&mut log, &[(1, 1), (2, 1)], 2);
    advance(&mut log, &[(1, 1), (2, 1), (3, 1), (4, 1)], 3);
    advance(
        &mut log,
        &[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1)],
        4,
    );
    assert_eq!(reason(&one(&mut log, &mut cursor)), Some(Reason::FellBehind));
}
