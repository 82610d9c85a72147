//! Every kind of frame, decoded by the generated code.

use std::sync::Arc;

use super::*;
use crate::proto::v1::{ActiveCall, Bookmark, Delta, ExtensionStatus, FeedState, Goodbye, Snapshot};
use crate::watch::budget::Budget;
use crate::watch::history::{CallRow, StatusRow};
use crate::watch::pages::Pages;

fn head() -> Head {
    Head {
        version: 300,
        resume_token: Bytes::from_static(b"a token"),
        observed_at: Timestamp {
            seconds: 1_795_428_308,
            nanos: 618_726_486,
        },
        freshness: Freshness::Stale,
        coalesced: 2,
    }
}

fn call(key: &str, note: &str) -> ActiveCall {
    ActiveCall {
        key: key.to_owned(),
        note: note.to_owned(),
        duration_mins: "1.25".to_owned(),
        ..ActiveCall::default()
    }
}

fn status(i_c_ext: i64) -> ExtensionStatus {
    ExtensionStatus {
        i_c_ext,
        name: "Übergabe".to_owned(),
        ..ExtensionStatus::default()
    }
}

fn row(call: &ActiveCall) -> Arc<CallRow> {
    Arc::new(CallRow::new(call.clone()))
}

fn status_row(status: &ExtensionStatus) -> Arc<StatusRow> {
    Arc::new(StatusRow::new(status))
}

fn account() -> Arc<Account> {
    Arc::new(Account::new(Arc::new(Budget::new(usize::MAX))))
}

/// The event of a frame that says what `head` says.
fn event_of(frame: &Bytes, head: &Head) -> Event {
    let (prefix, message) = frame.split_at(PREFIX);
    assert_eq!(prefix[0], 0, "not compressed");
    assert_eq!(prefix[1..], u32::try_from(message.len()).unwrap().to_be_bytes());
    let mut message = v1::ActiveCallsResponse::decode(message).unwrap();
    let event = message.event.take();
    assert_eq!(message, to_message(head));
    event.unwrap()
}

#[test]
fn what_is_small_reads_back() {
    let events = [
        Event::Bookmark(Bookmark {
            next_within: Some(prost_types::Duration {
                seconds: 15,
                nanos: 0,
            }),
        }),
        Event::FeedState(FeedState {
            since: Some(head().observed_at),
            cause: Some(tonic_types::pb::Status {
                code: 14,
                message: "the upstream is unavailable".to_owned(),
                details: Vec::new(),
            }),
            ..FeedState::default()
        }),
        Event::Goodbye(Goodbye {
            reason: v1::goodbye::Reason::Rotated.into(),
            reconnect_after: None,
        }),
    ];
    for event in events {
        assert_eq!(event_of(&small(&head(), event.clone()), &head()), event);
    }
}

#[test]
fn a_delta_reads_back() {
    let (new, old, other) = (call("a", "new"), call("b", "old"), call("b", "other"));
    let gone = call("c", "gone");
    let change = |before: Option<&ActiveCall>, after: Option<&ActiveCall>| Change {
        before: before.map(row),
        after: after.map(row),
    };
    let status_change = |before: Option<i64>, after: Option<i64>| Change {
        before: before.map(|id| status_row(&status(id))),
        after: after.map(|id| status_row(&status(id))),
    };
    let changes = Changes {
        calls: vec![
            change(None, Some(&new)),
            change(Some(&old), Some(&other)),
            change(Some(&gone), None),
            change(None, None),
        ],
        statuses: vec![
            status_change(None, Some(1)),
            status_change(Some(2), Some(2)),
            status_change(Some(3), None),
            status_change(Some(2_147_483_647), None),
        ],
    };
    let expected = Delta {
        from_version: 299,
        started: vec![new],
        updated: vec![other],
        ended: vec![gone],
        extension_statuses: vec![status(1), status(2)],
        removed_extension_statuses: vec![3, 2_147_483_647],
    };
    let frame = delta(&head(), 299, &changes, &account());
    assert_eq!(event_of(&frame, &head()), Event::Delta(expected));
    let nothing = Changes {
        calls: Vec::new(),
        statuses: Vec::new(),
    };
    let told = frame.len() - delta(&head(), 299, &nothing, &account()).len();
    assert!((told..told + 80).contains(&changes.size()), "{told}");
}

#[test]
fn an_empty_snapshot_is_one_part_that_says_why() {
    let pieces = snapshot(&head(), snapshot::Reason::FellBehind, &[], (1, 1), &account());
    let expected = Snapshot {
        reason: snapshot::Reason::FellBehind.into(),
        ..Snapshot::default()
    };
    assert_eq!(pieces.len(), 1);
    assert!(pieces[0].ends_message);
    assert_eq!(event_of(&pieces[0].bytes, &head()), Event::Snapshot(expected));
}

/// The messages that the pieces are.
fn messages(pieces: &[Piece]) -> Vec<Bytes> {
    let whole = pieces.split_inclusive(|piece| piece.ends_message);
    let joined = whole.map(|pieces| pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect());
    joined.collect()
}

#[test]
fn a_snapshot_in_parts_has_a_token_in_the_last_only() {
    let calls: Vec<_> = (0..9).map(|key| call(&key.to_string(), "n")).collect();
    let statuses: Vec<_> = (0..9).map(status).collect();
    let rows: Vec<_> = calls.iter().map(row).collect();
    let status_rows: Vec<_> = statuses.iter().map(status_row).collect();
    for (page, part) in [(1, 1), (1, 40), (50, 120), (1, 1000), (1000, 1000)] {
        let (mut pages, mut of_state) = (Pages::new(account(), page), Vec::new());
        pages.put(CALLS, &rows, &mut of_state);
        pages.put(STATUSES, &status_rows, &mut of_state);
        let pieces = snapshot(
            &head(),
            snapshot::Reason::Initial,
            &of_state,
            (part, page),
            &account(),
        );
        assert!(pieces.last().is_some_and(|piece| piece.ends_message));
        let frames = messages(&pieces);
        let unfinished = Head {
            resume_token: Bytes::new(),
            ..head()
        };
        let (mut all_calls, mut all_statuses) = (Vec::new(), Vec::new());
        for (number, frame) in frames.iter().enumerate() {
            let is_last = number + 1 == frames.len();
            let head = if is_last { head() } else { unfinished.clone() };
            let Event::Snapshot(snapshot) = event_of(frame, &head) else {
                panic!("not a snapshot");
            };
            assert_eq!(snapshot.reason(), snapshot::Reason::Initial);
            assert_eq!(snapshot.more, !is_last);
            all_calls.extend(snapshot.calls);
            all_statuses.extend(snapshot.extension_statuses);
        }
        assert_eq!((&all_calls, &all_statuses), (&calls, &statuses));
        match (page, part) {
            (1, 1) => assert_eq!((frames.len(), pieces.len()), (18, 36), "a row is never cut"),
            (1, 40) => assert!(frames.len() > 5),
            (50, 120) => assert!(frames.len() > 2 && pieces.len() > frames.len()),
            (1, 1000) => assert_eq!((frames.len(), pieces.len()), (1, 19)),
            _ => assert_eq!(
                (frames.len(), pieces.len()),
                (1, 1),
                "a small snapshot is one piece"
            ),
        }
    }
}
