//! A fold of any telling of a history ends in the history's last state.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::client::Change;
use crate::client::state::State;
use crate::proto::v1::{ActiveCall, Bookmark, Delta, ExtensionStatus, Goodbye, Snapshot};

/// A state of the upstream: the callers by key, the call counts by `i_c_ext`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    calls: BTreeMap<u8, u8>,
    statuses: BTreeMap<u8, u8>,
}

/// How the gateway tells of the next states.
#[derive(Clone, Debug)]
enum Telling {
    /// One delta over so many states.
    Delta(usize),
    /// A snapshot in parts of so many rows, after so many states.
    Snapshot(usize, usize),
    /// A snapshot of which only the first part comes before the stream breaks.
    Cut,
    Bookmark,
    FeedState,
}

impl Told {
    fn call(key: u8, cli: u8) -> ActiveCall {
        ActiveCall {
            key: format!("k{key}"),
            cli: cli.to_string(),
            ..ActiveCall::default()
        }
    }

    fn status(i_c_ext: u8, count: u8) -> ExtensionStatus {
        ExtensionStatus {
            i_c_ext: i_c_ext.into(),
            call_count: count.into(),
            ..ExtensionStatus::default()
        }
    }

    fn set(&self) -> CallSet {
        let mut set = CallSet::default();
        set.add_part(self.snapshot());
        set
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            reason: snapshot::Reason::Initial.into(),
            calls: self
                .calls
                .iter()
                .map(|(key, cli)| Self::call(*key, *cli))
                .collect(),
            extension_statuses: self
                .statuses
                .iter()
                .map(|(key, n)| Self::status(*key, *n))
                .collect(),
            more: false,
        }
    }

    fn parts(&self, rows: usize) -> Vec<Snapshot> {
        let whole = self.snapshot();
        let mut parts: Vec<_> = whole
            .calls
            .chunks(rows)
            .map(|calls| Snapshot {
                calls: calls.to_vec(),
                more: true,
                ..Snapshot::default()
            })
            .collect();
        parts.push(Snapshot {
            calls: Vec::new(),
            ..whole
        });
        parts
    }

    fn delta_to(&self, next: &Self, from_version: u64) -> Delta {
        let mut delta = Delta {
            from_version,
            ..Delta::default()
        };
        for (key, cli) in &next.calls {
            match self.calls.get(key) {
                None => delta.started.push(Self::call(*key, *cli)),
                Some(before) if before != cli => delta.updated.push(Self::call(*key, *cli)),
                Some(_) => {}
            }
        }
        for (key, cli) in &self.calls {
            if !next.calls.contains_key(key) {
                delta.ended.push(Self::call(*key, *cli));
            }
        }
        for (key, count) in &next.statuses {
            if self.statuses.get(key) != Some(count) {
                delta.extension_statuses.push(Self::status(*key, *count));
            }
        }
        for key in self.statuses.keys() {
            if !next.statuses.contains_key(key) {
                delta.removed_extension_statuses.push((*key).into());
            }
        }
        delta
    }
}

fn event(version: u64, event: Event) -> ActiveCallsResponse {
    let unfinished = matches!(&event, Event::Snapshot(part) if part.more);
    ActiveCallsResponse {
        version,
        resume_token: if unfinished {
            Vec::new()
        } else {
            version.to_le_bytes().to_vec()
        },
        freshness: v1::Freshness::Live.into(),
        event: Some(event),
        ..ActiveCallsResponse::default()
    }
}

fn to_state(fold: &Fold) -> State {
    State {
        calls: fold.calls.clone(),
        version: fold.version,
        observed_at: fold.observed_at,
        freshness: fold.freshness(),
        resets: fold.resets,
        reason: fold.reason,
        ended: None,
    }
}

/// Applies changes to a set, as a consumer that keeps its own would.
fn replay(set: &mut CallSet, changes: Vec<Change>) {
    let mut delta = Delta::default();
    for change in changes {
        match change {
            Change::Started(call) | Change::Updated { after: call, .. } => {
                delta.started.push((*call).clone());
            }
            Change::Ended(call) => delta.ended.push((*call).clone()),
            Change::Status { after, .. } => delta.extension_statuses.push((*after).clone()),
            Change::StatusRemoved(status) => delta.removed_extension_statuses.push(status.i_c_ext),
            Change::Reset(_) | Change::Freshness(_) => {}
        }
    }
    set.apply(delta);
}

fn histories() -> impl Strategy<Value = Vec<Told>> {
    let rows = || prop::collection::btree_map(0..8_u8, 0..3_u8, 0..6);
    let state = (rows(), rows()).prop_map(|(calls, statuses)| Told { calls, statuses });
    prop::collection::vec(state, 1..20)
}

fn tellings() -> impl Strategy<Value = Vec<(Telling, bool)>> {
    let telling = prop_oneof![
        (1..4_usize).prop_map(Telling::Delta),
        (1..4_usize, 0..4_usize).prop_map(|(rows, states)| Telling::Snapshot(rows, states)),
        Just(Telling::Cut),
        Just(Telling::Bookmark),
        Just(Telling::FeedState),
    ];
    // The flag: whether the consumer looks now.
    prop::collection::vec((telling, any::<bool>()), 0..40)
}

proptest! {
    /// Mutations that this has found: parts applied as they come; a delta's `ended` left out.
    #[test]
    fn any_telling_of_a_history_ends_in_its_last_state(history in histories(), tellings in tellings()) {
        let mut fold = Fold::default();
        let (mut at, mut looked) = (0, to_state(&fold));
        let mut mirror = CallSet::default();
        let last = history.len() - 1;
        let version = |at: usize| at as u64 + 1;

        prop_assert_eq!(fold.apply(event(version(at), Event::Snapshot(history[at].snapshot()))), Ok(Note::Moved));
        for (telling, looks) in tellings {
            match telling {
                Telling::Delta(states) => {
                    let next = (at + states).min(last);
                    let delta = history[at].delta_to(&history[next], version(at));
                    prop_assert_eq!(fold.apply(event(version(next), Event::Delta(delta))), Ok(Note::Moved));
                    at = next;
                }
                Telling::Snapshot(rows, states) => {
                    at = (at + states).min(last);
                    let before = fold.calls.clone();
                    for part in history[at].parts(rows) {
                        if part.more {
                            let applied = fold.apply(event(version(at), Event::Snapshot(part)));
                            prop_assert_eq!(applied, Ok(Note::Unfinished));
                            prop_assert_eq!(&fold.calls, &before, "a part shows");
                            prop_assert!(!fold.resume_token().is_empty(), "the token is lost to a part");
                        } else {
                            let applied = fold.apply(event(version(at), Event::Snapshot(part)));
                            prop_assert_eq!(applied, Ok(Note::Moved));
                        }
                    }
                }
                Telling::Cut => {
                    let part = Snapshot { more: true, ..history[last].snapshot() };
                    prop_assert_eq!(fold.apply(event(version(last), Event::Snapshot(part))), Ok(Note::Unfinished));
                    fold.begin_stream();
                }
                Telling::Bookmark => {
                    let bookmark = Bookmark { next_within: prost_types::Duration::try_from(Duration::from_secs(9)).ok() };
                    let applied = fold.apply(event(version(at), Event::Bookmark(bookmark)));
                    prop_assert_eq!(applied, Ok(Note::Bookmark(Duration::from_secs(9))));
                }
                Telling::FeedState => {
                    let applied = fold.apply(event(version(at), Event::FeedState(FeedState::default())));
                    prop_assert_eq!(applied, Ok(Note::Moved));
                }
            }
            prop_assert_eq!(fold.calls().map(|set| (**set).clone()), Some(history[at].set()));
            prop_assert_eq!(fold.version(), version(at));
            prop_assert_eq!(fold.resume_token(), version(at).to_le_bytes());
            if looks {
                let state = to_state(&fold);
                replay(&mut mirror, state.changes_since(&looked));
                looked = state;
                prop_assert_eq!(&mirror, &history[at].set(), "the changes do not lead to the state");
            }
        }
    }
}

/// A fold at version 1 with one call.
fn begun() -> Fold {
    let mut fold = Fold::default();
    let told = Told {
        calls: BTreeMap::from([(1, 1)]),
        ..Told::default()
    };
    fold.apply(event(1, Event::Snapshot(told.snapshot()))).unwrap();
    fold
}

#[test]
fn what_does_not_fit_leaves_the_state_as_it_was() {
    let delta = |from_version| {
        let delta = Delta {
            from_version,
            ended: vec![Told::call(1, 1)],
            ..Delta::default()
        };
        event(from_version + 1, Event::Delta(delta))
    };
    let mut fold = begun();
    assert_eq!(fold.apply(delta(2)), Err(OutOfStep));
    assert_eq!(fold.apply(delta(0)), Err(OutOfStep));
    assert_eq!((fold.version(), fold.calls().unwrap().calls().len()), (1, 1));
    assert_eq!(fold.apply(delta(1)), Ok(Note::Moved));
    assert_eq!((fold.version(), fold.calls().unwrap().calls().len()), (2, 0));

    assert_eq!(Fold::default().apply(delta(0)), Err(OutOfStep));
    let bookmark = Event::Bookmark(Bookmark::default());
    assert_eq!(Fold::default().apply(event(1, bookmark)), Err(OutOfStep));
}

#[test]
fn nothing_but_parts_may_come_between_parts() {
    let part = Event::Snapshot(Snapshot {
        more: true,
        ..Snapshot::default()
    });
    for odd in [
        Event::Delta(Delta {
            from_version: 1,
            ..Delta::default()
        }),
        Event::Bookmark(Bookmark::default()),
    ] {
        let mut fold = begun();
        fold.apply(event(5, part.clone())).unwrap();
        assert_eq!(fold.apply(event(5, odd)), Err(OutOfStep));
        assert_eq!(fold.version(), 1);
    }
}

#[test]
fn a_bookmark_moves_version_and_token_and_a_goodbye_of_another_version_does_not() {
    let mut fold = begun();
    let bookmark = Event::Bookmark(Bookmark::default());
    fold.apply(event(7, bookmark)).unwrap();
    assert_eq!(
        (fold.version(), fold.resume_token()),
        (7, &7_u64.to_le_bytes()[..])
    );
    let goodbye = Event::Goodbye(Goodbye {
        reason: goodbye::Reason::Rotated.into(),
        reconnect_after: None,
    });
    let applied = fold.apply(event(6, goodbye));
    assert_eq!(
        applied,
        Ok(Note::Goodbye(goodbye::Reason::Rotated, Duration::ZERO))
    );
    assert_eq!(
        (fold.version(), fold.resume_token()),
        (7, &7_u64.to_le_bytes()[..])
    );
}

#[test]
fn an_event_of_an_unknown_kind_is_passed_over() {
    let mut fold = begun();
    let unknown = ActiveCallsResponse {
        version: 9,
        ..ActiveCallsResponse::default()
    };
    assert_eq!(fold.apply(unknown), Ok(Note::Unknown));
    assert_eq!(fold.version(), 1);
    assert_eq!(fold.freshness(), Freshness::Live);
}

#[test]
fn a_moving_duration_is_no_change() {
    let call = |duration: &str, cli: u8| {
        let mut set = CallSet::default();
        set.add_part(Snapshot {
            calls: vec![ActiveCall {
                duration_mins: duration.to_owned(),
                ..Told::call(1, cli)
            }],
            ..Snapshot::default()
        });
        set
    };
    assert_eq!(call("0.50", 1).changes_since(&call("0.47", 1)), []);
    assert_eq!(call("0.50", 2).changes_since(&call("0.47", 1)).len(), 1);
}

#[test]
fn the_freshness_is_what_the_last_event_says() {
    let mut fold = begun();
    let told = FeedState {
        next_poll_in: prost_types::Duration::try_from(Duration::from_secs(4)).ok(),
        ..FeedState::default()
    };
    let stale = ActiveCallsResponse {
        freshness: v1::Freshness::Stale.into(),
        ..event(1, Event::FeedState(told))
    };
    fold.apply(stale).unwrap();
    let Freshness::Stale(trouble) = fold.freshness() else {
        panic!("{:?}", fold.freshness())
    };
    assert_eq!(trouble.next_poll_in, Some(Duration::from_secs(4)));
    fold.apply(event(1, Event::Bookmark(Bookmark::default())))
        .unwrap();
    assert_eq!(fold.freshness(), Freshness::Live);
}
