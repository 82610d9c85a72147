//! What became of changes that have an id, for those who ask again.
//!
//! ```text
//!   new ──▶ in flight ─┬─ it happened, or the service refused ─▶ recorded ──────────┐
//!    ▲                 ├─ nobody knows ────────────────────────▶ unknown ─ seen ─▶ recorded
//!    └── forgotten ◀───┴─ nothing was sent                       └──────────────────┴─▶ forgotten after ten minutes
//! ```
//!
//! An id is one caller's, and of one change: with other fields it is refused. Data without IO; how many it holds is bounded
//! for each identity, and what it holds to look by, for all of them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
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

/// How much may be kept of changes of which nobody knows, to look for them by, in bytes. What is more is not looked for:
/// it stays unknown, and is not made again.
const ROOM: usize = 64 << 20;

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
#[derive(Clone, Debug)]
pub(super) struct Requests {
    identities: Arc<Mutex<HashMap<Identity, Ids>>>,
    room: Arc<Semaphore>,
}

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
    InFlight(watch::Sender<Option<Outcome>>),
    Ended(Outcome),
    /// Nobody knows how. The claim is what it can still be seen by, if it can.
    Unknown(Arc<Error>, Option<Kept>),
}

/// A claim that is kept. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    claim: Arc<Claim>,
    _room: Arc<OwnedSemaphorePermit>,
}

/// What an id begins with.
#[derive(Debug)]
pub(super) enum Begun {
    /// It is new: the change is to be made, as long as somebody waits for it.
    New(Ticket, watch::Receiver<Option<Outcome>>),
    /// The change is being made.
    InFlight(watch::Receiver<Option<Outcome>>),
    /// It has ended so.
    Ended(Outcome),
    /// Nobody knows how it has ended; the claim is what it can still be seen by.
    Unknown(Arc<Error>, Option<Kept>),
}

/// The duty to say what became of a change. Dropping it says that nobody knows, or that nothing was sent.
#[derive(Debug)]
pub(super) struct Ticket {
    requests: Requests,
    identity: Identity,
    id: RequestId,
    tell: watch::Sender<Option<Outcome>>,
    /// Whether it may have been sent, and what it can be seen by then, if it can.
    is_sent: bool,
    claim: Option<Arc<Claim>>,
    has_ended: bool,
}

/// What becomes of an id when its change has ended.
#[derive(Debug)]
pub(super) enum Becomes {
    /// Whoever asks again is told the same.
    Recorded,
    /// Whoever asks again has it looked for.
    Unknown,
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
                State::InFlight(tell) => Begun::InFlight(tell.subscribe()),
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
                    state: State::InFlight(tell.clone()),
                    until: None,
                });
                let ticket = Ticket {
                    requests: self.clone(),
                    identity,
                    id,
                    tell,
                    is_sent: false,
                    claim: None,
                    has_ended: false,
                };
                Ok(Begun::New(ticket, told))
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
        self.identities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a claim, if there is room.
    fn keep(&self, claim: Arc<Claim>) -> Option<Kept> {
        let size = u32::try_from(claim.size()).ok()?;
        let room = self.room.clone().try_acquire_many_owned(size).ok()?;
        Some(Kept {
            claim,
            _room: Arc::new(room),
        })
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            identities: Arc::default(),
            room: Arc::new(Semaphore::new(ROOM)),
        }
    }
}

// === impl Kept ===

impl Kept {
    pub(super) fn claim(&self) -> &Claim {
        &self.claim
    }
}

// === impl Ids ===

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
    /// Completes when nobody waits for the change. Somebody may again, afterwards.
    pub(super) async fn abandoned(&self) {
        self.tell.closed().await;
    }

    /// Whether nobody waits for the change.
    pub(super) fn is_abandoned(&self) -> bool {
        self.tell.is_closed()
    }

    /// The change is sent, and can be seen by this claim, if it can.
    pub(super) fn sends(&mut self, claim: Option<Arc<Claim>>) {
        self.is_sent = true;
        self.claim = claim;
    }

    /// The change has ended so.
    pub(super) fn end(mut self, outcome: Outcome, becomes: Becomes) {
        self.finish(outcome, becomes);
    }

    fn finish(&mut self, outcome: Outcome, becomes: Becomes) {
        self.has_ended = true;
        let state = match (becomes, &outcome) {
            (Becomes::Forgotten, _) => None,
            (Becomes::Unknown, Err(error)) => {
                let kept = self.claim.take().and_then(|claim| self.requests.keep(claim));
                Some(State::Unknown(error.clone(), kept))
            }
            (Becomes::Recorded | Becomes::Unknown, _) => Some(State::Ended(outcome.clone())),
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
            let (failed, becomes) = if self.is_sent {
                (failed.of_change(), Becomes::Unknown)
            } else {
                (failed, Becomes::Forgotten)
            };
            self.finish(Err(Arc::new(failed)), becomes);
        }
    }
}

#[cfg(test)]
mod tests;
