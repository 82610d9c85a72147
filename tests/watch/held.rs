//! What a client holds: the contract's own rules for applying events, and what breaks them.

use std::collections::BTreeSet;

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::{ActiveCallsResponse, Delta, Snapshot};

use super::scene::{Told, timeless};

/// A client's set and where it is in the feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) version: u64,
    pub(crate) token: Vec<u8>,
    pub(crate) state: Told,
    /// The version told last on this stream.
    last: Option<u64>,
    /// The parts so far of a snapshot that goes on, and its version.
    parts: Option<(u64, Told)>,
}

/// What is wrong with an event, by the law that it breaks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrongs {
    pub(crate) order: Vec<String>,
    pub(crate) unique: Vec<String>,
    pub(crate) parts: Vec<String>,
}

impl Held {
    /// A new stream: the parts of a snapshot that never ended are nothing.
    pub(crate) fn reconnect(&mut self) {
        self.parts = None;
        self.last = None;
    }

    /// Whether every event so far is in the state, and none is half told.
    pub(crate) fn is_whole(&self) -> bool {
        self.parts.is_none()
    }

    /// Applies an event.
    pub(crate) fn apply(&mut self, event: &ActiveCallsResponse) -> Wrongs {
        let mut wrongs = Wrongs::default();
        let version = event.version;
        // Another epoch counts from 1 again: the first event of a stream may say any version.
        let last = self.last.replace(version);
        if let Some(last) = last.filter(|last| *last > version) {
            wrongs.order.push(format!("{version} after {last}"));
        }
        let said = event.event.as_ref();
        if let (Some((of, _)), false) = (&self.parts, matches!(said, Some(Event::Snapshot(_)))) {
            wrongs.parts.push(format!("parts of {of} are interrupted"));
        }
        match said {
            Some(Event::Snapshot(snapshot)) => self.apply_snapshot(version, snapshot, &mut wrongs),
            Some(Event::Delta(delta)) => {
                if delta.from_version != self.version {
                    let from = delta.from_version;
                    wrongs
                        .order
                        .push(format!("a delta from {from} after {}", self.version));
                }
                self.apply_delta(delta, &mut wrongs);
            }
            Some(Event::Bookmark(_) | Event::FeedState(_) | Event::Goodbye(_)) => {
                if last.is_some() && version != self.version {
                    wrongs
                        .order
                        .push(format!("nothing new, but {version} after {}", self.version));
                }
            }
            None => wrongs.parts.push("an event without an event".to_owned()),
        }
        if self.parts.is_some() != event.resume_token.is_empty() {
            wrongs
                .parts
                .push("a token says that an event can be resumed after, and nothing else".to_owned());
        }
        if self.parts.is_none() {
            self.version = version;
            self.token.clone_from(&event.resume_token);
        }
        wrongs
    }

    fn apply_snapshot(&mut self, version: u64, snapshot: &Snapshot, wrongs: &mut Wrongs) {
        let (of, mut told) = self.parts.take().unwrap_or((version, Told::default()));
        if of != version {
            wrongs
                .parts
                .push(format!("a part of {version} among parts of {of}"));
        }
        for call in &snapshot.calls {
            if told
                .calls
                .insert(call.key.clone(), timeless(call.clone()))
                .is_some()
            {
                wrongs.unique.push(format!("{} twice in a snapshot", call.key));
            }
        }
        for status in &snapshot.extension_statuses {
            if told.statuses.insert(status.i_c_ext, status.clone()).is_some() {
                wrongs
                    .unique
                    .push(format!("{} twice in a snapshot", status.i_c_ext));
            }
        }
        if snapshot.more {
            self.parts = Some((of, told));
        } else {
            self.state = told;
        }
    }

    fn apply_delta(&mut self, delta: &Delta, wrongs: &mut Wrongs) {
        let mut keys = BTreeSet::new();
        for call in delta.started.iter().chain(&delta.updated).chain(&delta.ended) {
            if !keys.insert(&call.key) {
                wrongs.unique.push(format!("{} twice in a delta", call.key));
            }
        }
        let calls = &mut self.state.calls;
        for call in &delta.started {
            if calls.insert(call.key.clone(), timeless(call.clone())).is_some() {
                wrongs.unique.push(format!("{} started and was there", call.key));
            }
        }
        for call in &delta.updated {
            if calls.insert(call.key.clone(), timeless(call.clone())).is_none() {
                wrongs
                    .unique
                    .push(format!("{} updated and was not there", call.key));
            }
        }
        for call in &delta.ended {
            if calls.remove(&call.key).is_none() {
                wrongs
                    .unique
                    .push(format!("{} ended and was not there", call.key));
            }
        }
        let mut ids = BTreeSet::new();
        for status in &delta.extension_statuses {
            if !ids.insert(status.i_c_ext) {
                wrongs.unique.push(format!("{} twice in a delta", status.i_c_ext));
            }
            self.state.statuses.insert(status.i_c_ext, status.clone());
        }
        for id in &delta.removed_extension_statuses {
            if !ids.insert(*id) || self.state.statuses.remove(id).is_none() {
                wrongs.unique.push(format!("{id} removed and was not there"));
            }
        }
    }
}
