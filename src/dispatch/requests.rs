//! What became of changes that have an id, for those who ask again.
//!
//! ```text
//!   new ──▶ in flight ─┬─ it happened, or the service refused ─▶ recorded ──────────┐
//!    ▲                 ├─ nobody knows ────────────────────────▶ unknown ─ seen ─▶ recorded
//!    └── forgotten ◀───┴─ nothing was sent                       └──────────────────┴─▶ forgotten after ten minutes
//! ```
//!
//! An id is one caller's, and of one change: with other fields it is refused. Data without IO; what it holds is bounded
//! for each identity.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::change::{Change, Changed};
use super::claim::Claim;
use crate::caller::Identity;
use crate::upstream::Error;

/// For how long an outcome is recorded.
const KEPT: Duration = Duration::from_secs(600);

/// How many ids one identity may have recorded or in flight.
const MOST: usize = 10_000;

/// The id that a caller gives a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub Uuid);

/// Why an id is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedId {
    /// It is another change's.
    Reused,
    /// The caller has as many as are recorded.
    Quota(usize),
}

/// How a change ended, for all who ask.
pub(super) type Outcome = Result<Changed, Arc<Error>>;

/// What is recorded. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<Mutex<HashMap<Identity, Ids>>>);

/// The ids of one identity.
#[derive(Debug, Default)]
struct Ids {
    by_id: HashMap<RequestId, Recorded>,
    /// In the order in which they are forgotten.
    expiring: VecDeque<(Instant, RequestId)>,
}

#[derive(Debug)]
struct Recorded {
    change: Change,
    state: State,
    /// Until when it is kept; `None` while it is in flight.
    until: Option<Instant>,
}

#[derive(Clone, Debug)]
enum State {
    InFlight(watch::Receiver<Option<Outcome>>),
    Ended(Outcome),
    /// Nobody knows how. The claim is what it can still be seen by, if it can.
    Unknown(Arc<Error>, Option<Claim>),
}

/// What an id begins with.
#[derive(Debug)]
pub(super) enum Begun {
    /// It is new: the change is to be made.
    New(Ticket),
    /// The change is being made.
    InFlight(watch::Receiver<Option<Outcome>>),
    /// It has ended so.
    Ended(Outcome),
    /// Nobody knows how it has ended; the claim is what it can still be seen by.
    Unknown(Arc<Error>, Option<Claim>),
}

/// The duty to say what became of a change. Dropping it says that nobody knows.
#[derive(Debug)]
pub(super) struct Ticket {
    requests: Requests,
    identity: Identity,
    id: RequestId,
    tell: watch::Sender<Option<Outcome>>,
    has_ended: bool,
}

/// What becomes of an id when its change has ended.
#[derive(Debug)]
pub(super) enum Becomes {
    /// Whoever asks again is told the same.
    Recorded,
    /// Whoever asks again has it looked for.
    Unknown(Option<Claim>),
    /// Whoever asks again has it made: nothing was.
    Forgotten,
}

// === impl Requests ===

impl Requests {
    /// Takes up the id of `change`.
    ///
    /// # Errors
    ///
    /// [`RefusedId`].
    pub(super) fn begin(
        &self,
        identity: Identity,
        id: RequestId,
        change: &Change,
    ) -> Result<Begun, RefusedId> {
        let (mut identities, now) = (self.lock(), Instant::now());
        let ids = identities.entry(identity).or_default();
        ids.forget_expired(now);
        ids.forget_if_expired(id, now);
        let count = ids.by_id.len();
        match ids.by_id.entry(id) {
            Entry::Occupied(recorded) if recorded.get().change != *change => Err(RefusedId::Reused),
            Entry::Occupied(mut recorded) => Ok(match recorded.get().state.clone() {
                State::InFlight(told) => Begun::InFlight(told),
                State::Ended(outcome) => Begun::Ended(outcome),
                State::Unknown(error, claim) => {
                    // Whoever goes on asking must not have it sent again for having asked for long.
                    recorded.get_mut().until = Some(now + KEPT);
                    Begun::Unknown(error, claim)
                }
            }),
            Entry::Vacant(_) if count >= MOST => Err(RefusedId::Quota(MOST)),
            Entry::Vacant(vacant) => {
                let (tell, told) = watch::channel(None);
                vacant.insert(Recorded {
                    change: change.clone(),
                    state: State::InFlight(told),
                    until: None,
                });
                Ok(Begun::New(Ticket {
                    requests: self.clone(),
                    identity,
                    id,
                    tell,
                    has_ended: false,
                }))
            }
        }
    }

    /// A change of which nobody knew has been seen to have happened. The id may be another change's by now.
    pub(super) fn settle(&self, identity: Identity, id: RequestId, change: &Change, changed: Changed) {
        let mut identities = self.lock();
        let recorded = identities
            .get_mut(&identity)
            .and_then(|ids| ids.by_id.get_mut(&id));
        if let Some(recorded) = recorded.filter(|recorded| recorded.change == *change)
            && matches!(recorded.state, State::Unknown(..))
        {
            recorded.state = State::Ended(Ok(changed));
            recorded.until = Some(Instant::now() + KEPT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Identity, Ids>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ids {
    fn forget_expired(&mut self, now: Instant) {
        while let Some((at, id)) = self.expiring.front().copied() {
            if at > now {
                return;
            }
            self.expiring.pop_front();
            self.forget_if_expired(id, now);
            // It is kept for longer than was known then.
            if let Some(until) = self.by_id.get(&id).and_then(|recorded| recorded.until) {
                self.expiring.push_back((until, id));
            }
        }
    }

    fn forget_if_expired(&mut self, id: RequestId, now: Instant) {
        let until = self.by_id.get(&id).and_then(|recorded| recorded.until);
        if until.is_some_and(|until| until <= now) {
            self.by_id.remove(&id);
        }
    }

    fn end(&mut self, id: RequestId, state: Option<State>, now: Instant) {
        match (self.by_id.get_mut(&id), state) {
            (Some(recorded), Some(state)) => {
                recorded.state = state;
                recorded.until = Some(now + KEPT);
                self.expiring.push_back((now + KEPT, id));
            }
            (_, None) => {
                self.by_id.remove(&id);
            }
            (None, Some(_)) => {}
        }
    }
}

// === impl Ticket ===

impl Ticket {
    /// The change has ended so.
    pub(super) fn end(mut self, outcome: Outcome, becomes: Becomes) {
        self.finish(outcome, becomes);
    }

    fn finish(&mut self, outcome: Outcome, becomes: Becomes) {
        self.has_ended = true;
        let state = match (becomes, &outcome) {
            (Becomes::Forgotten, _) => None,
            (Becomes::Unknown(claim), Err(error)) => Some(State::Unknown(error.clone(), claim)),
            (Becomes::Recorded | Becomes::Unknown(_), _) => Some(State::Ended(outcome.clone())),
        };
        if let Some(ids) = self.requests.lock().get_mut(&self.identity) {
            ids.end(self.id, state, Instant::now());
        }
        // Those who asked meanwhile, if they are still there.
        self.tell.send_replace(Some(outcome));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.has_ended {
            let failed = Error::Interrupted("the task of the change failed".into());
            self.finish(Err(Arc::new(failed.of_change())), Becomes::Unknown(None));
        }
    }
}

#[cfg(test)]
mod tests;
