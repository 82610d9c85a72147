//! Reading polls: the shortcuts find what decoding would find.

use proptest::prelude::*;

use super::*;
use crate::codec::csv;
use crate::upstream::budget::MAX_ROWS;
use crate::watch::history::Row as _;
use crate::wire::{ActiveCall, Answer, ExtensionStatus};

fn call(id: i32, note: &str) -> ActiveCall {
    ActiveCall {
        call_id: Some(id.to_string()),
        note: Some(note.to_owned()),
        ..ActiveCall::default()
    }
}

fn status(i_c_ext: i32, note: &str) -> ExtensionStatus {
    ExtensionStatus {
        i_c_ext,
        note: Some(note.to_owned()),
        ..ExtensionStatus::default()
    }
}

fn body(calls: &[ActiveCall], statuses: &[ExtensionStatus]) -> Bytes {
    let answer = Answer {
        calls: Some(calls.to_vec()),
        extension_statuses: Some(statuses.to_vec()),
        license: Some("an echo".to_owned()),
        ..Answer::default()
    };
    csv::one_to_vec(&answer, csv::Style::V5).unwrap().into()
}

type ReadRows = (Vec<Arc<CallRow>>, Vec<Arc<StatusRow>>);

fn rows(observer: &mut Observer, body: Bytes) -> ReadRows {
    match observer.read(body).unwrap() {
        Seen::Rows { calls, statuses } => (calls, statuses),
        Seen::Same => panic!("another body"),
    }
}

fn observer() -> Observer {
    Observer::new(Id::parse(1).unwrap(), TimeZone::UTC)
}

#[test]
fn an_unchanged_poll_decodes_nothing() {
    let mut observer = observer();
    let body = body(&[call(1, "n")], &[status(1, "n")]);
    let before = rows(&mut observer, body.clone());
    let copy = Bytes::copy_from_slice(&body);
    assert!(matches!(observer.read(copy).unwrap(), Seen::Same));
    let after = observer.rows();
    assert!(Arc::ptr_eq(&before.0[0], &after.0[0]) && Arc::ptr_eq(&before.1[0], &after.1[0]));
}

#[test]
fn rows_whose_text_is_the_last_ones_are_kept() {
    let mut observer = observer();
    let all: Vec<_> = (1..6).map(|id| status(id, "n")).collect();
    let (calls, before) = rows(&mut observer, body(&[call(1, "n")], &all));
    let mut next = all.clone();
    next[2].active_call = true;
    next.remove(0);
    next.push(status(9, "n"));
    let (same_calls, after) = rows(&mut observer, body(&[call(1, "n")], &next));
    assert!(
        Arc::ptr_eq(&calls[0], &same_calls[0]),
        "a column that did not change"
    );
    let kept: Vec<_> = after
        .iter()
        .map(|row| before.iter().any(|before| Arc::ptr_eq(before, row)))
        .collect();
    assert_eq!(kept, [true, false, true, true, false]);
}

#[test]
fn what_cannot_be_read_leaves_what_was() {
    let mut observer = observer();
    let good = body(&[call(1, "n")], &[status(1, "n")]);
    rows(&mut observer, good.clone());
    let blank = csv::one_to_vec(&Answer::default(), csv::Style::V3).unwrap();
    let bad_calls = b"lstportaActiveCalls,ExtensionsActiveCalls,License\n[{IEnv:x}],[],e\n".to_vec();
    let bad_statuses = b"lstportaActiveCalls,ExtensionsActiveCalls,License\n[],[{i_c_ext:1},e\n".to_vec();
    let no_calls = b"ExtensionsActiveCalls,License\n[],e\n".to_vec();
    let no_statuses = b"lstportaActiveCalls,License\n[],e\n".to_vec();
    let html = b"<html>Sign in</html>".to_vec();
    let other_call = ActiveCall {
        i_customer: 66,
        ..call(2, "n")
    };
    let other_calls = body(&[call(1, "n"), other_call], &[status(1, "n")]).to_vec();
    let other_status = ExtensionStatus {
        i_customer: 66,
        ..status(2, "n")
    };
    let other_statuses = body(&[call(2, "n")], &[status(1, "n"), other_status]).to_vec();
    for bad in [
        other_calls,
        other_statuses,
        blank,
        bad_calls,
        bad_statuses,
        no_calls,
        no_statuses,
        html,
        good[..good.len() / 2].to_vec(),
    ] {
        assert!(observer.read(bad.into()).is_err());
        assert!(matches!(observer.read(good.clone()).unwrap(), Seen::Same));
    }
}

#[test]
fn empty_columns_show_nothing_only_if_the_service_wrote_them() {
    let body = |license| format!("lstportaActiveCalls,ExtensionsActiveCalls,License\n,,{license}\n");
    let (calls, statuses) = rows(&mut observer(), body("an echo").into());
    assert!(calls.is_empty() && statuses.is_empty());
    assert!(observer().read(body("").into()).is_err());
}

#[test]
fn a_forgotten_body_is_another_one() {
    let mut observer = observer();
    let body = body(&[call(1, "n")], &[]);
    rows(&mut observer, body.clone());
    observer.forget();
    assert_eq!(rows(&mut observer, body).0.len(), 1);
}

fn statuses() -> impl Strategy<Value = Vec<ExtensionStatus>> {
    let note = prop::sample::select(vec!["", "a", "a,", "[", "}", "\"", "},{i_c_ext:1", "ü\n"]);
    prop::collection::vec((0..8, note).prop_map(|(id, note)| status(id, note)), 0..8)
}

proptest! {
    /// With `self.text(position) == Some(element)` of `Known::find` changed to `true`, this fails.
    #[test]
    fn the_shortcuts_find_what_decoding_finds(polls in prop::collection::vec(statuses(), 1..6)) {
        let mut knowing = observer();
        for poll in polls {
            let body = body(&[], &poll);
            let fresh = rows(&mut observer(), body.clone()).1;
            let known = match knowing.read(body).unwrap() {
                Seen::Rows { statuses, .. } => statuses,
                Seen::Same => knowing.rows().1,
            };
            let encoded = |rows: &[Arc<StatusRow>]| rows.iter().map(|row| row.encoded().clone()).collect::<Vec<_>>();
            prop_assert_eq!(encoded(&known), encoded(&fresh));
        }
    }
}

/// A poll with so many rows in its lists.
fn rows_of(calls: usize, statuses: usize) -> Bytes {
    let list = |row, count| format!("[{}]", vec![row; count].join(","));
    // As small as the service writes them, so that their number is what counts.
    let calls = list("{IEnv:1,ICustomer:1,IAccount:1,noofcalls:1}", calls);
    let statuses = list("{i_c_ext:1,i_account:0,noofcalls:0}", statuses);
    format!("lstportaActiveCalls,ExtensionsActiveCalls,License\n\"{calls}\",\"{statuses}\",LIC\n").into()
}

#[test]
fn a_poll_has_as_many_rows_as_any_answer_in_both_lists_known_or_not() {
    let (calls, statuses) = (1_000, MAX_ROWS - 1_000);
    let count = |observer: &mut Observer, body| {
        let (calls, statuses) = rows(observer, body);
        calls.len() + statuses.len()
    };
    let mut observer = observer();
    assert_eq!(count(&mut observer, rows_of(calls, statuses)), MAX_ROWS);
    for too_many in [
        rows_of(calls, statuses + 1),
        rows_of(calls + 1, statuses),
        rows_of(MAX_ROWS + 1, 0),
        rows_of(0, MAX_ROWS + 1),
    ] {
        let error = observer.read(too_many).expect_err("one row more");
        assert!(matches!(error, Error::TooMany(_)), "{error:?}");
    }
    let (calls, statuses) = observer.rows();
    assert_eq!(calls.len() + statuses.len(), MAX_ROWS, "what was kept stays");
}

#[test]
fn calls_that_are_known_take_as_much_of_a_smaller_body_as_new_ones() {
    let calls = vec!["{}"; 40].join(",");
    let body = |license: &str| {
        let header = "lstportaActiveCalls,ExtensionsActiveCalls,License";
        Bytes::from(format!("{header}\n\"[{calls}]\",[],{license}\n"))
    };
    let mut observer = observer();
    observer.read(body(&"x".repeat(1_500))).expect("a large echo");
    let known = observer.read(body("x")).expect_err("the same calls");
    let new = Observer::new(Id::parse(1).unwrap(), TimeZone::UTC)
        .read(body("x"))
        .expect_err("new calls");
    assert!(matches!((known, new), (Error::TooMany(_), Error::TooMany(_))));
}
