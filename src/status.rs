//! The one place where an error becomes a [`Status`].
//!
//! Code, reason and text depend on the [`Kind`] alone and are fixed: nothing that the upstream said reaches a caller.
//! `docs/errors.md` is this file as a table, and a test holds the two together.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::error::{Error, Violation};
use crate::upstream::{self, Kind};

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "portico";

/// The reason of a request that breaks rules.
pub const INVALID_REQUEST: &str = "INVALID_REQUEST";

/// The reason of an RPC that the gateway does not have.
pub const NOT_IMPLEMENTED: &str = "NOT_IMPLEMENTED";

/// What to wait before the next try when the upstream did not say.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The longest wait passed on to a caller.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(300);

/// The status that stands for `error`.
#[must_use]
pub fn to_status(error: &Error) -> Status {
    match error {
        Error::Invalid(violations) => invalid(violations),
        Error::Upstream(error) => upstream(error),
        Error::Unimplemented => {
            let text = "this RPC is not part of the gateway yet";
            Status::with_error_details(Code::Unimplemented, text, details(NOT_IMPLEMENTED))
        }
    }
}

fn invalid(violations: &[Violation]) -> Status {
    let mut details = details(INVALID_REQUEST);
    let violations: Vec<_> = violations
        .iter()
        .map(|Violation { field, description }| FieldViolation::new(field, description))
        .collect();
    details.set_bad_request(violations);
    Status::with_error_details(
        Code::InvalidArgument,
        "the request breaks rules; see its violations",
        details,
    )
}

fn upstream(error: &upstream::Error) -> Status {
    let kind = error.kind();
    let mut details = details(reason(kind));
    if is_retryable(kind) {
        let delay = error.retry_after().unwrap_or(RETRY_DELAY).min(MAX_RETRY_DELAY);
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(code(kind), message(kind), details)
}

fn details(reason: &str) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new())
}

/// The code of a failed call.
#[must_use]
pub fn code(kind: Kind) -> Code {
    match kind {
        Kind::Refused => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::NoOperation => Code::Unimplemented,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Conflict => Code::Aborted,
        Kind::RateLimited => Code::ResourceExhausted,
        Kind::Unreachable | Kind::Unavailable => Code::Unavailable,
        Kind::Elapsed => Code::DeadlineExceeded,
        Kind::OutcomeUnknown => Code::Unknown,
        Kind::Unroutable
        | Kind::LicenseRejected
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::TooLarge => Code::Internal,
    }
}

/// The `reason` of a failed call's `ErrorInfo`.
#[must_use]
pub fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::Unroutable => "REQUEST_UNROUTABLE",
        Kind::Unreachable => "UPSTREAM_UNREACHABLE",
        Kind::Unavailable => "UPSTREAM_UNAVAILABLE",
        Kind::Elapsed => "UPSTREAM_TIMEOUT",
        Kind::Refused => "UPSTREAM_REFUSED",
        Kind::LicenseRejected => "UPSTREAM_LICENSE_REJECTED",
        Kind::NotFound => "NOT_FOUND",
        Kind::NoOperation => "UPSTREAM_NO_OPERATION",
        Kind::AlreadyExists => "ALREADY_EXISTS",
        Kind::Conflict => "CONFLICT",
        Kind::RateLimited => "UPSTREAM_RATE_LIMITED",
        Kind::Failed => "UPSTREAM_FAILED",
        Kind::UnexpectedStatus => "UPSTREAM_UNEXPECTED_STATUS",
        Kind::Empty => "UPSTREAM_EMPTY_ANSWER",
        Kind::NotCsv => "UPSTREAM_NOT_CSV",
        Kind::Undecodable => "UPSTREAM_UNDECODABLE",
        Kind::TooLarge => "UPSTREAM_TOO_LARGE",
        Kind::OutcomeUnknown => "OUTCOME_UNKNOWN",
    }
}

/// The text of a failed call.
#[must_use]
pub fn message(kind: Kind) -> &'static str {
    match kind {
        Kind::Unroutable => "the request does not fit the upstream's route",
        Kind::Unreachable => "the upstream cannot be reached",
        Kind::Unavailable => "the upstream is unavailable",
        Kind::Elapsed => "the upstream did not answer in time",
        Kind::Refused => "the upstream refused a value of the request",
        Kind::LicenseRejected => "the upstream refused the gateway's licence",
        Kind::NotFound => "the upstream found no such record",
        Kind::NoOperation => "the upstream does not have this operation",
        Kind::AlreadyExists => "the customer has such an extension already",
        Kind::Conflict => "the request conflicts with the upstream's state",
        Kind::RateLimited => "the upstream limits the rate of calls",
        Kind::Failed => "the upstream failed",
        Kind::UnexpectedStatus => "the upstream answered with an unexpected status",
        Kind::Empty => "the upstream's answer is empty",
        Kind::NotCsv => "the upstream's answer is not CSV",
        Kind::Undecodable => "the upstream's answer cannot be decoded",
        Kind::TooLarge => "the upstream's answer is too large",
        Kind::OutcomeUnknown => "whether the change happened is unknown; look before trying again",
    }
}

/// Whether the same call may succeed later, so that a `RetryInfo` says when.
#[must_use]
pub fn is_retryable(kind: Kind) -> bool {
    match kind {
        Kind::Unreachable | Kind::Unavailable | Kind::RateLimited => true,
        Kind::Unroutable
        | Kind::Elapsed
        | Kind::Refused
        | Kind::LicenseRejected
        | Kind::NotFound
        | Kind::NoOperation
        | Kind::AlreadyExists
        | Kind::Conflict
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::TooLarge
        | Kind::OutcomeUnknown => false,
    }
}
