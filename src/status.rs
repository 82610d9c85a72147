//! The one place where an error becomes a [`Status`].
//!
//! Code, reason and text are fixed per kind of error: nothing that the upstream said reaches a caller.
//! `docs/errors.md` is this file as a table, and a test holds the two together.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::upstream::{Error, Kind};

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "portico";

/// The reason of a request that breaks rules.
pub const INVALID_REQUEST: &str = "INVALID_REQUEST";

/// What to wait before the next try when the upstream did not say.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The longest wait passed on to a caller.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(300);

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `product_ids[1]`.
    pub field: String,
    /// What it must be. Never repeats the value.
    pub description: String,
}

/// Why a watch was not opened or has ended, besides a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchEnd {
    /// There was no good poll in time; the kind of the last failure, if there was one.
    NoPoll(Option<Kind>),
    /// The gateway has as many watchers or feeds as it takes.
    Quota(Quota),
    /// The state is older than the caller accepts.
    Stale,
    /// The caller reads too slowly.
    SlowConsumer,
    /// The caller's deadline has passed.
    Deadline,
    /// The gateway is stopping.
    Draining,
}

/// A limit of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Watchers of one feed.
    FeedWatchers(usize),
    /// Watchers of the gateway.
    Watchers(usize),
    /// Feeds of the gateway.
    Feeds(usize),
}

/// The status of a request that breaks rules.
#[must_use]
pub fn of_violations(violations: &[Violation]) -> Status {
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

/// The status of a failed call.
#[must_use]
pub fn of_call(error: &Error) -> Status {
    of_kind(error.kind(), error.retry_after())
}

/// The status of a kind of failure; `retry_after` is the wait that the upstream asked for.
#[must_use]
pub fn of_kind(kind: Kind, retry_after: Option<Duration>) -> Status {
    let mut details = details(reason(kind));
    if is_retryable(kind) {
        let delay = retry_after.unwrap_or(RETRY_DELAY).min(MAX_RETRY_DELAY);
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(code(kind), message(kind), details)
}

/// The status of a watch that was not opened or has ended.
#[must_use]
pub fn of_watch(end: WatchEnd) -> Status {
    let (code, reason, text) = match end {
        WatchEnd::NoPoll(_) => (
            Code::Unavailable,
            "WATCH_NO_POLL",
            "the upstream could not be polled in time",
        ),
        WatchEnd::Quota(_) => (
            Code::ResourceExhausted,
            "WATCH_QUOTA",
            "the gateway has as many watches as it takes",
        ),
        WatchEnd::Stale => (
            Code::Unavailable,
            "WATCH_STALE",
            "the state is older than max_staleness",
        ),
        WatchEnd::SlowConsumer => (
            Code::ResourceExhausted,
            "SLOW_CONSUMER",
            "the events were not read in time",
        ),
        WatchEnd::Deadline => (
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the deadline has passed",
        ),
        WatchEnd::Draining => (Code::Unavailable, "DRAINING", "the gateway is stopping"),
    };
    let mut details = details(reason);
    match end {
        WatchEnd::NoPoll(Some(kind)) => {
            let cause = HashMap::from([("cause".to_owned(), self::reason(kind).to_owned())]);
            details.set_error_info(reason, DOMAIN, cause);
        }
        WatchEnd::Quota(quota) => {
            let (subject, limit) = match quota {
                Quota::FeedWatchers(limit) => ("watchers of one feed", limit),
                Quota::Watchers(limit) => ("watchers", limit),
                Quota::Feeds(limit) => ("feeds", limit),
            };
            details.add_quota_failure_violation(subject, format!("at most {limit}"));
        }
        WatchEnd::NoPoll(None)
        | WatchEnd::Stale
        | WatchEnd::SlowConsumer
        | WatchEnd::Deadline
        | WatchEnd::Draining => {}
    }
    // Whoever is told UNAVAILABLE or RESOURCE_EXHAUSTED may come back, but not at once.
    if code != Code::DeadlineExceeded {
        details.set_retry_info(Some(RETRY_DELAY));
    }
    Status::with_error_details(code, text, details)
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_a_reason_and_a_text_of_its_own() {
        let mut reasons: Vec<_> = Kind::ALL.into_iter().map(reason).collect();
        reasons.push(INVALID_REQUEST);
        let screaming = |text: &&str| text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        assert!(reasons.iter().all(screaming), "{reasons:?}");
        assert_eq!(reasons.iter().collect::<HashSet<_>>().len(), reasons.len());
        let texts: HashSet<_> = Kind::ALL.into_iter().map(message).collect();
        assert_eq!(texts.len(), Kind::ALL.len());
    }

    #[test]
    fn no_kind_is_ok_or_a_code_that_only_the_gateways_callers_can_cause() {
        for kind in Kind::ALL {
            let foreign = [
                Code::Ok,
                Code::Cancelled,
                Code::Unauthenticated,
                Code::PermissionDenied,
            ];
            assert!(!foreign.contains(&code(kind)), "{kind:?}");
        }
    }

    #[test]
    fn what_may_pass_is_told_with_a_code_that_clients_retry() {
        for kind in Kind::ALL {
            let retried = matches!(code(kind), Code::Unavailable | Code::ResourceExhausted);
            assert_eq!(is_retryable(kind), retried, "{kind:?}");
        }
    }

    #[test]
    fn every_status_of_an_upstream_error_has_its_details() {
        for kind in Kind::ALL {
            let error = Error::Status {
                status: http::StatusCode::IM_A_TEAPOT,
                kind,
                retry_after: Some(Duration::from_secs(1000)),
            };
            let status = of_call(&error);
            assert_eq!((status.code(), status.message()), (code(kind), message(kind)));
            let details = status.get_error_details();
            let info = details.error_info().expect("an ErrorInfo");
            assert_eq!((&*info.reason, &*info.domain), (reason(kind), DOMAIN));
            let delay = details.retry_info().map(|info| info.retry_delay);
            assert_eq!(
                delay,
                is_retryable(kind).then_some(Some(MAX_RETRY_DELAY)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn violations_keep_their_order_and_their_words() {
        let violations = [
            ("name", "must not be empty"),
            ("product_ids[1]", "must not contain a comma"),
        ];
        let noted = violations.map(|(field, description)| Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
        let details = of_violations(&noted).get_error_details();
        let told: Vec<_> = details
            .bad_request()
            .expect("a BadRequest")
            .field_violations
            .iter()
            .map(|violation| (&*violation.field, &*violation.description))
            .collect();
        assert_eq!(told, violations);
    }
}
