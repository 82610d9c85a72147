//! What the log says of calls that failed, and of changes.

use tracing::{debug, info, warn};

use super::metrics::Outcome;
use crate::telemetry::Chain;
use crate::upstream::{Error, Kind};

/// What the caller can mend is logged at `debug`, and what a stop cuts off, which is told as a number; the rest concerns
/// the operator.
pub(super) fn failed(operation: &'static str, error: &Error) {
    let kind = error.kind();
    let error_type = kind.error_type();
    match kind {
        Kind::Refused | Kind::NotFound | Kind::AlreadyExists | Kind::Conflict => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the upstream refused");
        }
        // The breaker has logged that it opened, once and not for every call.
        Kind::BreakerOpen => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the upstream was not asked");
        }
        Kind::ShuttingDown => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the call was cut off");
        }
        Kind::Unroutable
        | Kind::Unreachable
        | Kind::Interrupted
        | Kind::NotHttp
        | Kind::Unavailable
        | Kind::Elapsed
        | Kind::Expired
        | Kind::DeadlinePassed
        | Kind::AttemptsExhausted
        | Kind::RetryBudgetSpent
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
        | Kind::NoRoom
        | Kind::OutcomeUnknown => {
            warn!(operation, error.r#type = error_type, error = %Chain(error), "the call to the upstream failed");
        }
    }
}

/// A change that was sent has ended so. A caller who is still there is told of it.
pub(super) fn changed(operation: &'static str, outcome: Outcome, error: Option<&Error>, caller_left: bool) {
    let outcome = outcome.name();
    let error_type = error.map(|error| error.kind().error_type());
    if caller_left {
        info!(
            operation,
            outcome,
            error.r#type = error_type,
            "a change has ended whose caller had left"
        );
    } else {
        debug!(
            operation,
            outcome,
            error.r#type = error_type,
            "a change has ended"
        );
    }
}
