//! Changes that have an id: each is made once, however often and by however many it is asked for.
//!
//! The change is made for all who ask, by a task that nobody's leaving ends. After an unknown outcome it is looked for once
//! more, and never sent again: who wants that takes another id.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::change::{Change, Changed};
use super::changes::{Changes, Made};
use super::claim::Claim;
use super::requests::{Becomes, Begun, Outcome, RefusedId, RequestId, Requests};
use crate::caller::Caller;
use crate::upstream::{Error, Kind, Seen};

/// Makes changes that have an id. Clones share what is known of them.
#[derive(Clone, Debug)]
pub(super) struct Deduplicated {
    changes: Changes,
    requests: Requests,
}

impl Deduplicated {
    pub(super) fn new(changes: Changes) -> Self {
        let requests = Requests::default();
        Self { changes, requests }
    }

    /// As [`super::Dispatcher::change`], of a change with an id.
    ///
    /// # Errors
    ///
    /// [`RefusedId`] if the id is not taken; nothing is sent then.
    pub(super) async fn make(
        &self,
        caller: &Caller,
        change: Change,
        id: RequestId,
    ) -> Result<Result<Changed, Error>, RefusedId> {
        let outcome = match self.requests.begin(caller.identity, id, &change)? {
            Begun::New(ticket) => {
                let (changes, caller) = (self.changes.clone(), caller.clone());
                let made = self.changes.go_on(async move {
                    let Made { told, claim } = changes.make(&caller, change).await;
                    let becomes = becomes(&told, claim);
                    let outcome = told.map_err(Arc::new);
                    ticket.end(outcome.clone(), becomes);
                    outcome
                });
                // It ends by the caller's deadline.
                made.await
                    .unwrap_or_else(|_| Err(Arc::new(unknown(Error::CutOff))))
            }
            Begun::InFlight(told) => joined(caller, told).await,
            Begun::Ended(outcome) => outcome,
            Begun::Unknown(error, claim) => match claim {
                None => Err(error),
                Some(claim) => self.look_again(caller, id, &change, &claim).await,
            },
        };
        Ok(outcome.map_err(|error| Arc::try_unwrap(error).unwrap_or_else(Error::Shared)))
    }

    async fn look_again(&self, caller: &Caller, id: RequestId, change: &Change, claim: &Claim) -> Outcome {
        match self.changes.look_again(caller, claim).await {
            Ok(changed) => {
                self.requests.settle(caller.identity, id, change, changed.clone());
                Ok(changed)
            }
            Err(error) => Err(Arc::new(error)),
        }
    }
}

/// How a change ends that somebody else began, if it does before the deadline.
async fn joined(caller: &Caller, mut told: watch::Receiver<Option<Outcome>>) -> Outcome {
    let began = Instant::now();
    let ended = told.wait_for(Option::is_some);
    let ended = match caller.context.deadline {
        Some(deadline) => timeout_at(deadline, ended).await,
        None => Ok(ended.await),
    };
    match ended {
        Ok(Ok(outcome)) => outcome
            .clone()
            .unwrap_or_else(|| Err(Arc::new(unknown(Error::CutOff)))),
        Ok(Err(_)) => Err(Arc::new(unknown(Error::CutOff))),
        Err(_) => {
            let within = began.elapsed();
            Err(Arc::new(unknown(Error::DeadlinePassed { within })))
        }
    }
}

fn unknown(cause: Error) -> Error {
    Error::OutcomeUnknown {
        cause: Box::new(cause),
        seen: Seen::NotAsked,
    }
}

/// What becomes of the id of a change that ended so.
fn becomes(told: &Result<Changed, Error>, claim: Option<Claim>) -> Becomes {
    let Err(error) = told else {
        return Becomes::Recorded;
    };
    match error.kind() {
        Kind::OutcomeUnknown => Becomes::Unknown(claim),
        // The service looked at this very change, and said no.
        Kind::Refused | Kind::NotFound | Kind::AlreadyExists | Kind::Conflict => Becomes::Recorded,
        // Nothing was sent, or it was not done and may be another time.
        Kind::Unroutable
        | Kind::Unreachable
        | Kind::Interrupted
        | Kind::NotHttp
        | Kind::Unavailable
        | Kind::Elapsed
        | Kind::Expired
        | Kind::DeadlinePassed
        | Kind::BreakerOpen
        | Kind::AttemptsExhausted
        | Kind::RetryBudgetSpent
        | Kind::ShuttingDown
        | Kind::LicenseRejected
        | Kind::NoOperation
        | Kind::RateLimited
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::ColumnMissing
        | Kind::WrongCustomer
        | Kind::WrongRecord
        | Kind::TooLarge
        | Kind::NoRoom => Becomes::Forgotten,
    }
}
