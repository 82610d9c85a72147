//! The table: code, reason and text of everything that can go wrong.

use tonic::Code;

use super::row::{Row, row};
use crate::upstream::Kind;
use crate::watch::End;

/// The row of a failed call to the upstream.
#[rustfmt::skip]
pub(super) const fn row_of_kind(kind: Kind) -> Row {
    use Code::{Aborted, AlreadyExists, DeadlineExceeded, Internal, InvalidArgument, NotFound, ResourceExhausted, Unavailable,
        Unimplemented, Unknown};
    match kind {
        Kind::Unroutable => row(Internal, "REQUEST_UNROUTABLE", "the request does not fit the upstream's route"),
        Kind::Unreachable => row(Unavailable, "UPSTREAM_UNREACHABLE", "the upstream cannot be reached"),
        // The same reason as above: the difference matters for the log, and not for what a caller can do.
        Kind::Interrupted => row(Unavailable, "UPSTREAM_UNREACHABLE", "the connection to the upstream broke"),
        Kind::NotHttp => row(Internal, "UPSTREAM_NOT_HTTP", "the upstream's answer is not HTTP"),
        Kind::Unavailable => row(Unavailable, "UPSTREAM_UNAVAILABLE", "the upstream is unavailable"),
        Kind::Elapsed => row(DeadlineExceeded, "UPSTREAM_TIMEOUT", "the upstream did not answer in time"),
        Kind::Expired => row(DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline has passed, and nothing was sent"),
        Kind::DeadlinePassed => row(DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline has passed"),
        Kind::BreakerOpen => row(Unavailable, "UPSTREAM_BREAKER_OPEN", "the upstream fails, and is not asked for the moment"),
        Kind::AttemptsExhausted => row(Unavailable, "ATTEMPTS_EXHAUSTED", "the upstream failed in each of several attempts"),
        Kind::RetryBudgetSpent => row(Unavailable, "RETRY_BUDGET_SPENT", "the upstream failed, and too often lately to be tried again"),
        Kind::ShuttingDown => row(Unavailable, "SHUTTING_DOWN", "the gateway is stopping"),
        Kind::Refused => row(InvalidArgument, "UPSTREAM_REFUSED", "the upstream refused a value of the request"),
        Kind::LicenseRejected => row(Internal, "UPSTREAM_LICENSE_REJECTED", "the upstream refused the gateway's licence"),
        Kind::NotFound => row(NotFound, "NOT_FOUND", "the upstream found no such record"),
        Kind::NoOperation => row(Unimplemented, "UPSTREAM_NO_OPERATION", "the upstream does not have this operation"),
        Kind::AlreadyExists => row(AlreadyExists, "ALREADY_EXISTS", "the customer has such an extension already"),
        Kind::Conflict => row(Aborted, "CONFLICT", "the request conflicts with the upstream's state"),
        Kind::RateLimited => row(ResourceExhausted, "UPSTREAM_RATE_LIMITED", "the upstream limits the rate of calls"),
        Kind::Failed => row(Internal, "UPSTREAM_FAILED", "the upstream failed"),
        Kind::UnexpectedStatus => row(Internal, "UPSTREAM_UNEXPECTED_STATUS", "the upstream answered with an unexpected status"),
        Kind::Empty => row(Internal, "UPSTREAM_EMPTY_ANSWER", "the upstream's answer is empty"),
        Kind::NotCsv => row(Internal, "UPSTREAM_NOT_CSV", "the upstream's answer is not CSV"),
        Kind::Undecodable => row(Internal, "UPSTREAM_UNDECODABLE", "the upstream's answer cannot be decoded"),
        Kind::ColumnMissing => row(Internal, "UPSTREAM_COLUMN_MISSING", "the upstream's answer lacks a column that was asked for"),
        Kind::WrongCustomer => row(Internal, "UPSTREAM_WRONG_CUSTOMER", "the upstream's answer is about another customer"),
        Kind::WrongRecord => row(Internal, "UPSTREAM_WRONG_RECORD", "the upstream's answer is about another record"),
        Kind::TooLarge => row(Internal, "UPSTREAM_TOO_LARGE", "the upstream's answer is too large"),
        Kind::NoRoom => row(ResourceExhausted, "WATCH_MEMORY", "the gateway has no memory left for this state beside the others"),
        Kind::OutcomeUnknown => row(Unknown, "OUTCOME_UNKNOWN", "whether the change happened is unknown; look before trying again"),
    }
}

/// The row of a watch that was not opened or has ended.
#[rustfmt::skip]
pub(super) const fn row_of_end(end: End) -> Row {
    use Code::{DeadlineExceeded, ResourceExhausted, Unavailable};
    match end {
        End::Query(kind) => row_of_kind(kind),
        End::OtherFeed => INVALID_REQUEST,
        End::NoPoll(_) => row(Unavailable, "WATCH_NO_POLL", "the upstream could not be polled in time"),
        End::Quota(_) => row(ResourceExhausted, "WATCH_QUOTA", "the gateway has as many watches as it takes"),
        End::Stale => row(Unavailable, "WATCH_STALE", "the state is older than max_staleness"),
        End::SlowConsumer => row(ResourceExhausted, "SLOW_CONSUMER", "the events were not read in time"),
        End::Deadline => row(DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline has passed"),
        End::Draining => row(Unavailable, "DRAINING", "the gateway is stopping"),
        End::Failed => row(Unavailable, "FEED_FAILED", "the gateway failed at polling for this watch"),
    }
}

pub(super) const INVALID_REQUEST: Row = row(
    Code::InvalidArgument,
    "INVALID_REQUEST",
    "the request breaks rules; see its violations",
);

pub(super) const POLL_PENDING: Row = row(
    Code::Unavailable,
    "WATCH_POLL_PENDING",
    "the upstream's next good answer is awaited",
);

pub(super) const MALFORMED_REQUEST: Row = row(
    Code::InvalidArgument,
    "MALFORMED_REQUEST",
    "the request is not one whole message of its type",
);

pub(super) const UNSUPPORTED_REQUEST: Row = row(
    Code::Unimplemented,
    "UNSUPPORTED_REQUEST",
    "requests are POST, and not compressed",
);

pub(super) const UNKNOWN_METHOD: Row = row(
    Code::Unimplemented,
    "UNKNOWN_METHOD",
    "no service here has this method",
);

pub(super) const OVERLOADED: Row = row(
    Code::ResourceExhausted,
    "OVERLOADED",
    "the gateway has as many calls in flight as it takes",
);

pub(super) const SLOW_REQUEST: Row = row(
    Code::DeadlineExceeded,
    "REQUEST_TIMEOUT",
    "the request did not arrive as a whole in time",
);

pub(super) const REQUEST_ID_REUSED: Row = row(
    Code::InvalidArgument,
    "REQUEST_ID_REUSED",
    "the request_id is another change's",
);

pub(super) const REQUEST_ID_QUOTA: Row = row(
    Code::ResourceExhausted,
    "REQUEST_ID_QUOTA",
    "the gateway keeps as many request_ids of a caller as it takes",
);
