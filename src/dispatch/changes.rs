//! Making a change: in its place, sent once, and looked for if its answer is lost.
//!
//! ```text
//!   caller's future                            a task, which goes on if the caller leaves
//!   place ─▶ list before ─▶ claim ───────────▶ send ─┬─ answered, refused ───────────▶ told as it is
//!     └────────┴─ deadline, cut, caller left:        ├─ answer lost ──────▶ looks ─┬─ seen ─▶ OK
//!                 nothing was sent                   └─ none for long ──▶ looks, ──┘
//!                                                                         and the answer, if it comes
//!                                                    deadline, cut ─────▶ outcome unknown, and what was seen last
//! ```

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::asking::Asking;
use super::change::{Change, Changed};
use super::claim::Claim;
use super::cut::Cut;
use super::failed_read::FailedRead;
use super::log;
use super::looks::{Looks, list};
use super::metrics::{Metrics, Outcome};
use super::order::Order;
use super::places::{Places, Turn};
use super::told::ToldRecords;
use crate::caller::{Caller, DEFAULT_DEADLINE};
use crate::upstream::operation::ListExtensions;
use crate::upstream::{Context, Effect, Error, Lane, Operation as _, Seen};
use crate::wire::Extension;

/// The part of a change's time for which its answer is not just waited for, but looked for in the list as well: one in so
/// many, and the most.
const PART_TO_LOOK: u32 = 3;
const LONGEST_TO_LOOK: Duration = Duration::from_secs(2);

/// Makes changes. Clones share the places.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    asking: Asking,
    cut: Cut,
    places: Places,
    told: ToldRecords,
    tasks: TaskTracker,
    metrics: Metrics,
}

/// On what terms a change is made.
#[derive(Clone, Debug)]
struct Terms {
    context: Context,
    deadline: Instant,
}

/// A change that is to be sent, in its place.
#[derive(Debug)]
pub(super) struct Ready {
    operation: &'static str,
    terms: Terms,
    claim: Arc<Claim>,
    _turn: Turn,
}

/// For how long a change is looked for whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looking {
    /// Until a list was read: for one who comes back to it.
    Once,
    /// Until the deadline: for one who has been waiting for it.
    On,
}

/// What is known of a change that was sent.
#[derive(Debug)]
enum Ended {
    /// The upstream has said it.
    Answered(Result<Changed, Error>),
    /// It is seen to have happened.
    Seen(Changed),
    /// Nothing.
    Unknown,
}

// === impl Changes ===

impl Changes {
    pub(super) fn new(asking: Asking, cut: Cut, metrics: Metrics) -> Self {
        Self {
            asking,
            cut,
            places: Places::default(),
            told: ToldRecords::default(),
            tasks: TaskTracker::new(),
            metrics,
        }
    }

    /// A change was answered without being sent, as it has the id of one that was.
    pub(super) fn count_deduplicated(&self, change: &Change) {
        self.metrics.ended(change.operation(), Outcome::Deduplicated);
    }

    /// As [`super::Dispatcher::changes_ended`].
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Has a task go on with `work`, whoever leaves. A stop waits for it.
    pub(super) fn go_on<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(work.in_current_span())
    }

    /// As [`super::Dispatcher::change`].
    pub(super) async fn make(&self, caller: &Caller, change: Change) -> Result<Changed, Error> {
        let ready = self.ready(caller, change).await?;
        let left = CancellationToken::new();
        let _leaves = left.clone().drop_guard();
        let changes = self.clone();
        let finished = self.go_on(async move { changes.finish(ready, || left.is_cancelled()).await });
        finished
            .await
            .unwrap_or_else(|_| Err(Error::Interrupted("the task of the change failed".into()).of_change()))
    }

    /// Makes a change ready to be sent: the first half of [`Changes::make`].
    ///
    /// # Errors
    ///
    /// Nothing was sent.
    pub(super) async fn ready(&self, caller: &Caller, change: Change) -> Result<Ready, Error> {
        let operation = change.operation();
        let preparing = self.prepare(Terms::of(caller), change);
        let prepared = self.cut.before_sending(preparing).await;
        prepared.inspect_err(|error| log::failed(operation, error))
    }

    /// Looks again for a change whose outcome was unknown, for an add in its place, and sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::OutcomeUnknown`]: it may still have happened, whatever keeps it from being seen.
    pub(super) async fn look_again(
        &self,
        caller: &Caller,
        claim: &Claim,
        looking: Looking,
    ) -> Result<Changed, Error> {
        let (terms, i_customer) = (Terms::of(caller), claim.order().i_customer());
        let license = &terms.context.license;
        let mut seen = Seen::NotAsked;
        let look = async {
            // A record that is new may be that of an add in its place. What an update or a deletion makes is so, whoever
            // made it.
            let _turn = if claim.order().is_add() {
                Some(self.places.wait(license.clone(), i_customer).await)
            } else {
                None
            };
            // Its place has been others' meanwhile.
            let claim = claim.clone().without(self.told.of(license, i_customer));
            let mut looks = Looks::new(&self.asking, &terms.context, &claim, terms.deadline);
            let changed = match looking {
                Looking::Once => looks.once().await,
                Looking::On => looks.until_happened().await,
            };
            seen = looks.seen();
            Ok(changed.inspect(|changed| self.note(&terms, &claim, changed)))
        };
        let look = self.cut.before(Effect::Read, look);
        let cause = match timeout_at(terms.deadline, look).await {
            Ok(Ok(Some(changed))) => return Ok(changed),
            Ok(Ok(None)) => Error::NothingSeen,
            Ok(Err(error)) => error,
            Err(_) => Error::Expired,
        };
        let cause = Box::new(cause);
        Err(Error::OutcomeUnknown { cause, seen })
    }

    /// All that comes before the change is sent.
    async fn prepare(&self, terms: Terms, change: Change) -> Result<Ready, Error> {
        let turn = self
            .places
            .wait(terms.context.license.clone(), change.i_customer());
        let turn = timeout_at(terms.deadline, turn)
            .await
            .map_err(|_| Error::Expired)?;
        let before = self.list_before(&terms, &change).await?;
        let operation = change.operation();
        let order = Order::of(change, before.as_deref())?;
        Ok(Ready {
            operation,
            terms,
            claim: Arc::new(Claim::new(order, before.as_deref())),
            _turn: turn,
        })
    }

    /// What there is before the change, if it can be known and matters.
    async fn list_before(&self, terms: &Terms, change: &Change) -> Result<Option<Vec<Extension>>, Error> {
        if !change.is_compared() && !change.keeps_account() {
            return Ok(None);
        }
        match list(&self.asking, &terms.context, change.i_customer()).await {
            Ok(list) => Ok(Some(list)),
            Err(error) if change.keeps_account() => Err(error),
            Err(error) => match FailedRead::of(error.kind()) {
                FailedRead::Down => Err(error),
                FailedRead::Unread | FailedRead::NoList => {
                    log::failed(ListExtensions::NAME, &error);
                    Ok(None)
                }
            },
        }
    }

    /// Sends the change, and finds out what became of it: the second half of [`Changes::make`]. The place is free when that
    /// is known, or will not be.
    ///
    /// # Cancellation
    ///
    /// The change may have been sent: only a task may wait for it. `has_left` says whether its caller does not.
    pub(super) async fn finish(&self, ready: Ready, has_left: impl Fn() -> bool) -> Result<Changed, Error> {
        let Ready {
            operation,
            ref terms,
            ref claim,
            ..
        } = ready;
        if self.cut.is_made() {
            return Err(Error::ShuttingDown);
        }
        let sent = Instant::now();
        let mut looks = Looks::new(&self.asking, &terms.context, claim, terms.deadline);
        let mut lost = None;
        let ended = tokio::select! {
            // What is known is told, whatever happens at the same time.
            biased;
            ended = self.settle(terms, claim, &mut looks, &mut lost) => ended,
            () = self.cut.made() => {
                self.cut.count_change();
                lost.get_or_insert(Error::CutOff);
                Ended::Unknown
            }
            () = sleep_until(terms.deadline) => Ended::Unknown,
        };
        self.metrics.ended(operation, ended.outcome());
        let error = ended.error().or(lost.as_ref());
        log::changed(operation, ended.outcome(), error, has_left());
        let within = sent.elapsed();
        let cause = lost.unwrap_or(Error::DeadlinePassed { within });
        let told = ended.told(cause, looks.seen());
        let told = told.inspect_err(|error| log::failed(operation, error));
        if let Ok(changed) = &told {
            self.note(terms, claim, changed);
        }
        told
    }

    /// Notes the record that an add is told.
    fn note(&self, terms: &Terms, claim: &Claim, changed: &Changed) {
        if let Changed::Record(record) = changed
            && claim.order().is_add()
        {
            let i_customer = claim.order().i_customer();
            self.told.note(&terms.context.license, i_customer, record.i_c_ext);
        }
    }

    /// Sends the change, and gives what is known of it. `lost` is how its answer was lost, once it is.
    async fn settle(
        &self,
        terms: &Terms,
        claim: &Claim,
        looks: &mut Looks<'_>,
        lost: &mut Option<Error>,
    ) -> Ended {
        let mut send = pin!(claim.order().clone().send(&self.asking, &terms.context));
        let looked_for = async {
            sleep_until(terms.looks_from()).await;
            looks.until_happened().await
        };
        let answer = tokio::select! {
            biased;
            answer = &mut send => answer,
            Some(changed) = looked_for => return Ended::Seen(changed),
        };
        *lost = Some(match answer {
            Ok(changed) if claim.is_refuted_by(&changed) => Error::WrongRecord,
            Err(Error::OutcomeUnknown { cause, .. }) => *cause,
            known => return Ended::Answered(known),
        });
        looks.until_happened().await.map_or(Ended::Unknown, Ended::Seen)
    }
}

// === impl Ready ===

impl Ready {
    /// What it can be seen by once it is sent, if it can be.
    pub(super) fn claim(&self) -> Option<Arc<Claim>> {
        Some(self.claim.clone()).filter(|claim| claim.can_be_seen())
    }
}

// === impl Ended ===

impl Ended {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Answered(Ok(_)) => Outcome::Ok,
            Self::Answered(Err(_)) => Outcome::Refused,
            Self::Seen(_) => Outcome::Settled,
            Self::Unknown => Outcome::Unknown,
        }
    }

    fn error(&self) -> Option<&Error> {
        match self {
            Self::Answered(answer) => answer.as_ref().err(),
            Self::Seen(_) | Self::Unknown => None,
        }
    }

    /// What the caller is told, given why nothing is known, if nothing is, and what was seen last.
    fn told(self, cause: Error, seen: Seen) -> Result<Changed, Error> {
        match self {
            Self::Answered(answer) => answer,
            Self::Seen(changed) => Ok(changed),
            Self::Unknown => Err(Error::OutcomeUnknown {
                cause: Box::new(cause),
                seen,
            }),
        }
    }
}

// === impl Terms ===

impl Terms {
    fn of(caller: &Caller) -> Self {
        let deadline = caller.context.deadline;
        let deadline = deadline.unwrap_or_else(|| Instant::now() + DEFAULT_DEADLINE);
        Self {
            context: Context {
                deadline: Some(deadline),
                lane: Lane::Change,
                ..caller.context.clone()
            },
            deadline,
        }
    }

    /// From when on a change that is sent now is looked for although its answer may still come.
    fn looks_from(&self) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline - LONGEST_TO_LOOK.min(left / PART_TO_LOOK)
    }
}

#[cfg(test)]
mod tests;
