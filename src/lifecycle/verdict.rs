//! What a failed call tells of the upstream: one table by kind.

use crate::upstream::{Error, Kind};

/// What a failed call tells of the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The service works: it looked, and said no.
    Serves,
    /// It is the upstream's fault, and whoever asks may meet it.
    Fails(Kind),
    /// It got no answer: the upstream's fault if it was waited for long enough.
    Waited,
    /// Nothing: it is about this call, its caller or the gateway's licence, or a word that a proxy might have said.
    Nothing,
}

/// What this failure tells of the upstream.
pub(super) fn verdict(error: &Error) -> Verdict {
    // Of a change it is known what happened on the way, if not what it did.
    let error = error.cause();
    let kind = match error {
        // It was not asked, as it fails so.
        Error::BreakerOpen { why, .. } => *why,
        _ => error.kind(),
    };
    match kind {
        Kind::NotFound | Kind::AlreadyExists | Kind::Conflict => Verdict::Serves,
        // The other way to be this kind is 504.
        Kind::Elapsed if matches!(error, Error::Elapsed { .. }) => Verdict::Waited,
        Kind::DeadlinePassed => Verdict::Waited,
        Kind::Elapsed
        | Kind::Unreachable
        | Kind::Interrupted
        | Kind::NotHttp
        | Kind::Unavailable
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::ColumnMissing
        | Kind::WrongCustomer
        | Kind::WrongRecord
        | Kind::TooLarge
        | Kind::BreakerOpen
        | Kind::AttemptsExhausted
        | Kind::RetryBudgetSpent
        | Kind::OutcomeUnknown => Verdict::Fails(kind),
        // A licence that is refused is for the operator to mend: another gateway has the same. A missing route or a limit
        // of the rate is of one operation; where all routes are missing, so is the published page.
        Kind::Unroutable
        | Kind::Expired
        | Kind::Refused
        | Kind::LicenseRejected
        | Kind::NoOperation
        | Kind::RateLimited
        | Kind::NoRoom
        | Kind::ShuttingDown => Verdict::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;

    #[test]
    fn no_answer_in_time_is_told_by_the_wait_and_a_504_at_once() {
        let within = Duration::from_millis(50);
        assert_eq!(verdict(&Error::Elapsed { within }), Verdict::Waited);
        let gateway_timeout = Error::Status {
            status: StatusCode::GATEWAY_TIMEOUT,
            kind: Kind::Elapsed,
            csv: false,
            retry_after: None,
        };
        let unknown = gateway_timeout.of_change();
        assert_eq!(unknown.kind(), Kind::OutcomeUnknown);
        assert_eq!(verdict(&unknown), Verdict::Fails(Kind::Elapsed));
    }

    #[test]
    fn an_open_breaker_tells_why_it_is_open() {
        let open = Error::BreakerOpen {
            retry_after: Duration::from_secs(1),
            why: Kind::Elapsed,
        };
        assert_eq!(verdict(&open), Verdict::Fails(Kind::Elapsed));
    }

    #[test]
    fn nothing_to_delete_shows_that_the_service_works() {
        assert_eq!(verdict(&Error::NothingDeleted), Verdict::Serves);
    }
}
