//! Changes that have an id: each is made once, however often and by however many it is asked for.
//!
//! The change is made for all who ask, by a task that goes on as long as one of them waits, and once it is sent, for nobody.
//! Who has more time than the one who was first goes on when that one's is up. After an unknown outcome it is looked for once
//! more, and never sent again: who wants that takes another id.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::change::{Change, Changed};
use super::changes::{Changes, Looking};
use super::requests::{Becomes, Begun, Outcome, RefusedId, RequestId, Requests, Ticket};
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
        let mut looking = Looking::Once;
        let mut is_sent = false;
        let outcome = loop {
            match self.requests.begin(caller.identity, id, &change)? {
                Begun::New(ticket, told) => {
                    is_sent = true;
                    self.begin(caller.clone(), change.clone(), ticket);
                    // It ends by the caller's deadline.
                    break ended(told).await;
                }
                Begun::InFlight(told) => {
                    let outcome = joined(caller, told).await;
                    if !is_for_others(caller, &outcome) {
                        break outcome;
                    }
                    looking = Looking::On;
                }
                Begun::Ended(outcome) => break outcome,
                Begun::Unknown(error, None) => break Err(error),
                Begun::Unknown(error, Some(kept)) => {
                    let looked = self.changes.look_again(caller, kept.claim(), looking).await;
                    if let Ok(changed) = &looked {
                        self.requests
                            .settle(caller.identity, id, &change, changed.clone());
                    }
                    break looked.map_err(|found| match found.seen() {
                        // What was seen at first is more.
                        Some(Seen::NotAsked) => error,
                        _ => Arc::new(found),
                    });
                }
            }
        };
        if !is_sent {
            self.changes.count_deduplicated(&change);
        }
        Ok(outcome.map_err(|error| Arc::try_unwrap(error).unwrap_or_else(Error::Shared)))
    }

    /// Has a task make the change, on the terms of the first who asks for it. If nobody waits for it any more before it is
    /// sent, it is not.
    fn begin(&self, caller: Caller, change: Change, mut ticket: Ticket) {
        let changes = self.changes.clone();
        self.changes.go_on(async move {
            let ready = tokio::select! {
                biased;
                () = ticket.abandoned() => Err(Error::Expired),
                ready = changes.ready(&caller, change) => ready,
            };
            let told = match ready {
                Ok(ready) => {
                    ticket.sends(ready.claim());
                    changes.finish(ready, || ticket.is_abandoned()).await
                }
                Err(error) => Err(error),
            };
            let becomes = becomes(&told);
            ticket.end(told.map_err(Arc::new), becomes);
        });
    }
}

/// How a change ends.
async fn ended(mut told: watch::Receiver<Option<Outcome>>) -> Outcome {
    let outcome = told.wait_for(Option::is_some).await;
    let outcome = outcome.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Err(Arc::new(unknown(Error::CutOff))))
}

/// How a change ends that somebody else began, if it does before the deadline.
async fn joined(caller: &Caller, told: watch::Receiver<Option<Outcome>>) -> Outcome {
    let Some(deadline) = caller.context.deadline else {
        return ended(told).await;
    };
    let began = Instant::now();
    timeout_at(deadline, ended(told)).await.unwrap_or_else(|_| {
        let within = began.elapsed();
        Err(Arc::new(unknown(Error::DeadlinePassed { within })))
    })
}

/// Whether a change ended so because the time of those was up for whom it was made, and this caller, who joined them, has
/// more: then it is made for this one, or looked for.
fn is_for_others(caller: &Caller, outcome: &Outcome) -> bool {
    let has_time = caller
        .context
        .deadline
        .is_none_or(|deadline| deadline > Instant::now());
    let is_out_of_time = outcome.as_ref().is_err_and(|error| {
        matches!(
            error.kind(),
            Kind::Expired | Kind::DeadlinePassed | Kind::OutcomeUnknown
        )
    });
    has_time && is_out_of_time
}

fn unknown(cause: Error) -> Error {
    Error::OutcomeUnknown {
        cause: Box::new(cause),
        seen: Seen::NotAsked,
    }
}

/// What becomes of the id of a change that ended so.
fn becomes(told: &Result<Changed, Error>) -> Becomes {
    let Err(error) = told else {
        return Becomes::Recorded;
    };
    match error.kind() {
        Kind::OutcomeUnknown => Becomes::Unknown,
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

#[cfg(test)]
mod tests;
