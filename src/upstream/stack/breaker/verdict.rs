//! What the end of an exchange tells a breaker: one table by kind.

use std::time::Duration;

use crate::upstream::{Error, Kind, Lane};

/// What the end of an exchange tells of the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It serves.
    Serves,
    /// It fails so, and whoever calls next may meet the same.
    Fails(Kind),
    /// Nothing that would be a reason to leave it alone, or to ask it again.
    Nothing,
}

impl Verdict {
    /// What an exchange that ended so tells. Of a poll that was only waited for in vain, nothing: what makes the calls of one
    /// customer hang must not take the upstream from all.
    pub(super) fn of(error: &Error, lane: Lane, patience: Duration) -> Self {
        let kind = error.kind();
        match kind {
            Kind::Unreachable | Kind::Interrupted | Kind::NotHttp | Kind::Unavailable => Self::Fails(kind),
            Kind::Elapsed => Self::of_waiting(patience, lane, patience),
            Kind::DeadlinePassed => {
                let waited = match error {
                    Error::DeadlinePassed { within } => *within,
                    _ => Duration::ZERO,
                };
                Self::of_waiting(waited, lane, patience)
            }
            // The service looked, and said no.
            Kind::NotFound | Kind::AlreadyExists | Kind::Conflict | Kind::Refused => Self::Serves,
            // Something answers, and fast: it needs no rest. It may be about this call, or about the licence, which is for the
            // operator to mend.
            Kind::LicenseRejected
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
            | Kind::NoRoom
            // Nothing was sent, or there is no attempt that ends so.
            | Kind::Unroutable
            | Kind::Expired
            | Kind::ShuttingDown
            | Kind::BreakerOpen
            | Kind::AttemptsExhausted
            | Kind::RetryBudgetSpent
            | Kind::OutcomeUnknown => Self::Nothing,
        }
    }

    /// What an exchange tells that was waited for so long in vain. Callers may be as impatient as they like.
    pub(super) fn of_waiting(waited: Duration, lane: Lane, patience: Duration) -> Self {
        match lane {
            Lane::Call | Lane::Change | Lane::Look if waited >= patience => Self::Fails(Kind::Elapsed),
            Lane::Call | Lane::Change | Lane::Look | Lane::Poll | Lane::Probe => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(3);

    fn of(error: &Error, lane: Lane) -> Verdict {
        Verdict::of(error, lane, PATIENCE)
    }

    #[test]
    fn impatient_callers_and_polls_that_hang_are_no_reason_to_leave_an_upstream_alone() {
        let passed = |seconds| Error::DeadlinePassed {
            within: Duration::from_secs(seconds),
        };
        assert_eq!(of(&passed(2), Lane::Call), Verdict::Nothing);
        let hangs = Verdict::Fails(Kind::Elapsed);
        assert_eq!(of(&passed(3), Lane::Call), hangs);
        assert_eq!(of(&passed(30), Lane::Poll), Verdict::Nothing);
        let within = Duration::from_secs(30);
        assert_eq!(of(&Error::Elapsed { within }, Lane::Call), hangs);
        assert_eq!(of(&Error::Elapsed { within }, Lane::Poll), Verdict::Nothing);
    }

    #[test]
    fn a_no_shows_that_it_serves_and_a_broken_connection_that_it_does_not() {
        assert_eq!(of(&Error::NothingDeleted, Lane::Call), Verdict::Serves);
        let refused = Error::Connect("refused".into());
        assert_eq!(of(&refused, Lane::Poll), Verdict::Fails(Kind::Unreachable));
        assert_eq!(of(&Error::NotCsv, Lane::Call), Verdict::Nothing);
        assert_eq!(of(&Error::Expired, Lane::Call), Verdict::Nothing);
    }
}
