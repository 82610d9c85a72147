//! The frames of a history, each encoded when the first watcher needs it and shared by all that need the same.
//!
//! A cache and nothing else: what is in it can be made again, and whoever changes the history or the freshness says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::budget::Account;
use super::end::Explain;
use super::frame::{self, CALLS, Head, Piece, STATUSES};
use super::health::Health;
use super::history::{Changes, History, Token};
use super::pages::Pages;
use super::params::Params;
use crate::proto::v1::active_calls_response::Event;
use crate::proto::v1::snapshot::Reason;
use crate::proto::v1::{Bookmark, Freshness, Goodbye};

/// How long a wait that was told is taken for true: all who are told of one change are told so in far less.
const TRUE_FOR: Duration = Duration::from_millis(50);

/// The frames that were made of one history.
#[derive(Debug)]
pub(super) struct Frames {
    /// The delta to the present version, by which nearly all watchers come to it.
    step: Option<Bytes>,
    /// Deltas from other versions to the present one; `None` for one that is too large.
    folded: HashMap<u64, Option<Bytes>>,
    /// How many bytes the deltas from other versions have, and how many they may have: whoever would need another is told
    /// the state as a whole, which all share.
    folded_bytes: usize,
    max_folded_bytes: usize,
    snapshots: HashMap<Reason, Arc<[Piece]>>,
    pages: Pages,
    /// And when it was made: it says how long the next poll is off.
    feed_state: Option<(Instant, Bytes)>,
    explain: Explain,
    account: Arc<Account>,
    snapshot_part: usize,
    page: usize,
}

impl Frames {
    /// No frames yet; they will be charged to `account`.
    pub(super) fn new(params: &Params, explain: Explain, account: Arc<Account>) -> Self {
        Self {
            step: None,
            folded: HashMap::new(),
            folded_bytes: 0,
            max_folded_bytes: params.max_delta,
            snapshots: HashMap::new(),
            pages: Pages::new(account.clone(), params.snapshot_page()),
            feed_state: None,
            explain,
            account,
            snapshot_part: params.snapshot_part,
            page: params.snapshot_page(),
        }
    }

    /// The state was observed again, or is fresh or not in another way: frames that say so are out of date.
    pub(super) fn forget_the_moment(&mut self) {
        self.folded.clear();
        self.folded_bytes = 0;
        self.snapshots.clear();
        self.pages.forget_the_dead();
        self.forget_the_feed_state();
    }

    /// What is told of the freshness is another.
    pub(super) fn forget_the_feed_state(&mut self) {
        self.feed_state = None;
    }

    /// There is another version: every frame is out of date.
    pub(super) fn forget_the_version(&mut self) {
        self.step = None;
        self.forget_the_moment();
    }

    /// The delta from `version` to the present one; `None` if the history does not reach back so far, or it is too
    /// large.
    pub(super) fn delta(&mut self, history: &History, freshness: Freshness, version: u64) -> Option<Bytes> {
        let mut deltas = history.deltas_since(version)?;
        // No single step is too large: the history keeps none that is. The shared frame says that the state is live, as it was when the poll ended.
        if deltas.len() == 1 && freshness == Freshness::Live {
            let delta = deltas.next()?;
            let step = self.step.get_or_insert_with(|| {
                let head = Head {
                    version: delta.to.version,
                    resume_token: delta.to.encode(),
                    observed_at: delta.observed_at,
                    freshness,
                    coalesced: 0,
                };
                frame::delta(&head, version, &delta.changes, &self.account)
            });
            return Some(step.clone());
        }
        if let Some(folded) = self.folded.get(&version) {
            return folded.clone();
        }
        let head = Head {
            coalesced: u32::try_from(deltas.len().saturating_sub(1)).unwrap_or(u32::MAX),
            ..head(history, freshness)
        };
        let has_room = self.folded_bytes < self.max_folded_bytes;
        let net = has_room.then(|| Changes::net(deltas.map(|delta| &delta.changes)));
        let told = net.filter(|net| history.is_told_as_delta(net));
        let folded = told.map(|net| frame::delta(&head, version, &net, &self.account));
        self.folded_bytes += folded.as_ref().map_or(0, Bytes::len);
        self.folded.insert(version, folded.clone());
        folded
    }

    /// The state as a whole, in pieces.
    pub(super) fn snapshot(
        &mut self,
        history: &History,
        freshness: Freshness,
        reason: Reason,
    ) -> Arc<[Piece]> {
        let pages = &mut self.pages;
        let sizes = (self.snapshot_part, self.page);
        let snapshot = self.snapshots.entry(reason).or_insert_with(|| {
            let (state, mut of_state) = (history.state(), Vec::new());
            pages.put(CALLS, state.calls.rows(), &mut of_state);
            pages.put(STATUSES, state.statuses.rows(), &mut of_state);
            let head = head(history, freshness);
            frame::snapshot(&head, reason, &of_state, sizes, &self.account).into()
        });
        snapshot.clone()
    }

    /// How fresh the state is `now`, told with the state as it is now and not as it was when that changed.
    pub(super) fn feed_state(&mut self, history: &History, health: Health, now: Instant) -> Bytes {
        let is_true = |made: &(Instant, Bytes)| now.duration_since(made.0) <= TRUE_FOR;
        if let Some((_, frame)) = self.feed_state.as_ref().filter(|made| is_true(made)) {
            return frame.clone();
        }
        let told = health.to_feed_state(history.observed_at(), now, self.explain);
        let frame = frame::small(&head(history, health.freshness), Event::FeedState(told));
        self.feed_state = Some((now, frame.clone()));
        frame
    }
}

/// That nothing changed. It is made for one watcher: each has a heartbeat of its own.
pub(super) fn bookmark(history: &History, freshness: Freshness, heartbeat: Duration) -> Bytes {
    let next_within = prost_types::Duration::try_from(heartbeat).ok();
    frame::small(
        &head(history, freshness),
        Event::Bookmark(Bookmark { next_within }),
    )
}

/// That the stream ends. It is made for one watcher: each comes back in its own time.
pub(super) fn goodbye(history: &History, freshness: Freshness, goodbye: Goodbye) -> Bytes {
    frame::small(&head(history, freshness), Event::Goodbye(goodbye))
}

fn head(history: &History, freshness: Freshness) -> Head {
    let at: Token = history.at();
    Head {
        version: at.version,
        resume_token: at.encode(),
        observed_at: history.observed_at(),
        freshness,
        coalesced: 0,
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use tonic_types::pb;

    use super::*;
    use crate::proto::v1::ActiveCall;
    use crate::watch::budget::{Budget, Use};
    use crate::watch::history::{CallRow, State, Table};

    /// A state with one call, whose note is `note`.
    fn state(note: &str) -> State {
        let call = CallRow::new(ActiveCall {
            key: "k".to_owned(),
            note: note.to_owned(),
            ..ActiveCall::default()
        });
        State {
            calls: Table::new(vec![Arc::new(call)]),
            statuses: Table::default(),
        }
    }

    fn account() -> Arc<Account> {
        Arc::new(Account::new(Arc::new(Budget::new(usize::MAX))))
    }

    /// A history of three versions, and no frames of it.
    fn three_versions() -> (Frames, History) {
        let (params, now) = (Params::default(), Instant::now());
        let observed_at = Timestamp::default();
        let mut history = History::begin(1, 2, state("a"), observed_at, now, params.history());
        for note in ["b", "c"] {
            assert!(history.advance(state(note), observed_at, now).is_some());
        }
        (
            Frames::new(&params, |_| pb::Status::default(), account()),
            history,
        )
    }

    fn is_same(one: &Bytes, other: &Bytes) -> bool {
        one.as_ptr() == other.as_ptr()
    }

    #[test]
    fn each_frame_is_made_once_and_shared() {
        let (mut frames, history) = three_versions();
        for version in [1, 2] {
            let mut delta = || frames.delta(&history, Freshness::Live, version).unwrap();
            assert!(is_same(&delta(), &delta()), "from {version}");
        }
        let mut snapshot = || frames.snapshot(&history, Freshness::Live, Reason::Initial);
        assert!(is_same(&snapshot()[0].bytes, &snapshot()[0].bytes));
    }

    /// Readers of a hundred versions used to be made a hundred deltas at once, each as large as a message may be.
    #[test]
    fn when_there_are_folded_deltas_enough_others_are_told_the_state() {
        let (mut frames, mut history) = three_versions();
        history.advance(state("d"), Timestamp::default(), Instant::now());
        frames.max_folded_bytes = 1;
        let first = frames.delta(&history, Freshness::Live, 2).unwrap();
        assert_eq!(frames.delta(&history, Freshness::Live, 1), None);
        let again = frames.delta(&history, Freshness::Live, 2).unwrap();
        assert!(is_same(&first, &again), "it is there already");
        frames.forget_the_moment();
        assert!(frames.delta(&history, Freshness::Live, 1).is_some());
    }

    #[test]
    fn frames_of_a_moment_live_no_longer_than_it_and_the_step_as_long_as_its_version() {
        let (mut frames, history) = three_versions();
        let step = frames.delta(&history, Freshness::Live, 2).unwrap();
        frames.delta(&history, Freshness::Live, 1);
        frames.snapshot(&history, Freshness::Live, Reason::FellBehind);
        assert!(!frames.folded.is_empty() && !frames.snapshots.is_empty());
        frames.forget_the_moment();
        assert!(frames.folded.is_empty() && frames.snapshots.is_empty());
        assert!(is_same(
            &step,
            &frames.delta(&history, Freshness::Live, 2).unwrap()
        ));
        frames.forget_the_version();
        drop(step);
        assert_eq!(frames.account.used(Use::Frames), 0, "nothing is kept of it");
    }
}
