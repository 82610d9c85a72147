//! What can go wrong with a call to the upstream.
//!
//! [`Error`] tells what happened, for the log; the `error.type` label and the status depend on [`Kind`] alone, apart
//! from the wait that the upstream asked for. Neither type holds a URL, the licence or a text of the upstream: an error
//! may be logged as it is.

mod kind;
mod seen;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

pub use self::kind::Kind;
pub use self::seen::{Seen, Shows};
use crate::codec::{csv, jsv};

/// What the HTTP client or a decoder said: for the log alone, and without its URL. Of the upstream it may quote the names in
/// a certificate that does not fit, and nothing else.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failed call to the upstream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request could not be written for its route although its values were checked: a defect of the gateway.
    #[error("the request does not fit its route {template}")]
    Unroutable {
        /// The route, with its placeholders.
        template: &'static str,
    },
    /// No connection: name resolution, TCP or TLS failed. Not one byte of the request was written.
    #[error("no connection to the upstream")]
    Connect(#[source] Cause),
    /// The connection broke after the request may have been written.
    #[error("the connection broke before the answer was complete")]
    Interrupted(#[source] Cause),
    /// What came back is no HTTP: another protocol, or a status line or header that breaks the grammar.
    #[error("the answer is not HTTP")]
    NotHttp(#[source] Cause),
    /// No complete answer within the time limit of the attempt.
    #[error("no complete answer within {within:?}")]
    Elapsed {
        /// How long the answer was waited for.
        within: Duration,
    },
    /// The caller's deadline passed before the answer was complete.
    #[error("the deadline passed after {within:?} without a complete answer")]
    DeadlinePassed {
        /// How long the answer was waited for.
        within: Duration,
    },
    /// The caller's deadline had passed before anything was sent, or left too little time for it.
    #[error("the deadline had passed before the request was sent")]
    Expired,
    /// The breaker is open: nothing was sent.
    #[error("the breaker is open")]
    BreakerOpen {
        /// How long it is until a call is let through again.
        retry_after: Duration,
        /// How the last call failed that was let through.
        why: Kind,
    },
    /// Every attempt failed, and no more may be made.
    #[error("{attempts} attempts failed")]
    AttemptsExhausted {
        /// How many attempts were made: two at least.
        attempts: u32,
        /// How the last one failed.
        #[source]
        last: Box<Error>,
    },
    /// The attempt failed, and the budget for more is spent: too many fail.
    #[error("an attempt failed, and the budget for others is spent")]
    RetryBudgetSpent(#[source] Box<Error>),
    /// How a call ended that others made as well.
    #[error(transparent)]
    Shared(Arc<Error>),
    /// The gateway stops, and did not wait any longer for the answer.
    #[error("the gateway stopped before the answer was complete")]
    CutOff,
    /// The gateway stops: nothing was sent.
    #[error("the gateway was stopping before the request was sent")]
    ShuttingDown,
    /// The answer's body is larger than the gateway reads.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes, after decompression.
        limit: usize,
    },
    /// 200 with CSV of more rows or columns than the gateway reads: more than an answer has, or than its bytes can hold.
    #[error("the answer has too many rows or columns")]
    TooMany(#[source] Cause),
    /// The gateway has no memory left for what the answer says.
    #[error("there is no memory for the answer beside those to other queries")]
    NoRoom,
    /// A status that is not 200, whatever the body says.
    #[error("the upstream answered {status}")]
    Status {
        /// The HTTP status.
        status: StatusCode,
        /// What the status means for this operation.
        kind: Kind,
        /// Whether it came with CSV: then the service itself said it, and nothing in between.
        csv: bool,
        /// How long the upstream asks to wait.
        retry_after: Option<Duration>,
    },
    /// 204, or 200 without a body: the service returned null.
    #[error("the answer is empty")]
    Empty,
    /// 200 with a body whose compression is broken.
    #[error("the answer cannot be decompressed")]
    Compression(#[source] Cause),
    /// 200 with something else than CSV: a login page, a proxy's page.
    #[error("the answer is not CSV")]
    NotCsv,
    /// 200 with CSV that cannot be read.
    #[error("the answer cannot be decoded")]
    Undecodable(#[source] csv::Error),
    /// 200 with CSV in which a column cannot be decoded; for a poll, whose columns are decoded one by one.
    #[error("a column of the answer cannot be decoded")]
    UndecodableColumn(#[source] jsv::Error),
    /// 200 with a row in which nothing is set, not even the echo of the licence: the body of an error whose status got
    /// lost.
    #[error("the answer holds nothing but defaults")]
    Blank,
    /// 200 with a header that does not name a column that the operation takes: the column was renamed or damaged.
    #[error("the answer has no column {column}")]
    ColumnMissing {
        /// The name of the column.
        column: &'static str,
    },
    /// 200 with a row that names another customer than the one that was asked for: it answers another question.
    #[error("the answer is another customer's by the {member} of a row")]
    WrongCustomer {
        /// The member of the row.
        member: &'static str,
    },
    /// 200 by connections one of which has since brought another's answer: this one may be another's, too.
    #[error("the answer came by connections that have brought another's")]
    Distrusted,
    /// 200 to an update, with another extension's record: it answers another question.
    #[error("the answer is about another record")]
    WrongRecord,
    /// 200 with nothing in the column that the operation is for.
    #[error("the answer lacks {column}")]
    Incomplete {
        /// The name of the column.
        column: &'static str,
    },
    /// The service answered a deletion with `False`.
    #[error("there was nothing to delete")]
    NothingDeleted,
    /// The record that an update would have changed is not in the list: nothing was sent.
    #[error("there is no record to update")]
    NoRecord,
    /// A change was looked for, and it could not be seen that it has happened.
    #[error("it was not seen to have happened")]
    NothingSeen,
    /// A change was sent, and nothing that came back tells whether it happened.
    #[error("the outcome of the change is unknown")]
    OutcomeUnknown {
        /// Why it is unknown.
        #[source]
        cause: Box<Error>,
        /// What was seen of it since.
        seen: Seen,
    },
}

impl Error {
    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unroutable { .. } => Kind::Unroutable,
            Self::Connect(_) => Kind::Unreachable,
            Self::Interrupted(_) => Kind::Interrupted,
            Self::NotHttp(_) => Kind::NotHttp,
            Self::Elapsed { .. } => Kind::Elapsed,
            Self::DeadlinePassed { .. } => Kind::DeadlinePassed,
            Self::Expired => Kind::Expired,
            Self::BreakerOpen { .. } => Kind::BreakerOpen,
            Self::AttemptsExhausted { .. } => Kind::AttemptsExhausted,
            Self::RetryBudgetSpent(_) => Kind::RetryBudgetSpent,
            Self::Shared(error) => error.kind(),
            Self::CutOff | Self::ShuttingDown => Kind::ShuttingDown,
            Self::TooLarge { .. } | Self::TooMany(_) => Kind::TooLarge,
            Self::NoRoom => Kind::NoRoom,
            Self::Status { kind, .. } => *kind,
            Self::Empty => Kind::Empty,
            Self::NotCsv => Kind::NotCsv,
            Self::Compression(_)
            | Self::Undecodable(_)
            | Self::UndecodableColumn(_)
            | Self::Blank
            | Self::Incomplete { .. } => Kind::Undecodable,
            Self::ColumnMissing { .. } => Kind::ColumnMissing,
            Self::WrongCustomer { .. } | Self::Distrusted => Kind::WrongCustomer,
            Self::WrongRecord => Kind::WrongRecord,
            Self::NothingDeleted | Self::NoRecord => Kind::NotFound,
            Self::OutcomeUnknown { .. } | Self::NothingSeen => Kind::OutcomeUnknown,
        }
    }

    /// What happened: of a change whose outcome is unknown, why it is; of a call that was given up, how its last attempt
    /// failed.
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::OutcomeUnknown { cause, .. } | Self::RetryBudgetSpent(cause) => cause.cause(),
            Self::AttemptsExhausted { last, .. } => last.cause(),
            Self::Shared(error) => error.cause(),
            _ => self,
        }
    }

    /// What was seen of the change whose outcome is unknown.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        match self {
            Self::OutcomeUnknown { seen, .. } => Some(*seen),
            Self::Shared(error) => error.seen(),
            _ => None,
        }
    }

    /// How long to wait before the next try, if it is known: the upstream asked for it, or nothing is sent before.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.cause() {
            Self::Status { retry_after, .. } => *retry_after,
            Self::BreakerOpen { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// The error as the caller of a change is told it: [`Error::OutcomeUnknown`] if the change may have happened.
    ///
    /// A status by which the service refuses is believed, and so is a failure to connect. An answer that came too late,
    /// broke off, may come from a proxy that lost the service, or is none at all, says nothing about the change.
    #[must_use]
    pub fn of_change(self) -> Self {
        if self.leaves_a_change_unknown() {
            Self::OutcomeUnknown {
                cause: Box::new(self),
                seen: Seen::NotAsked,
            }
        } else {
            self
        }
    }

    fn leaves_a_change_unknown(&self) -> bool {
        match self {
            Self::Interrupted(_)
            | Self::NotHttp(_)
            | Self::Elapsed { .. }
            | Self::DeadlinePassed { .. }
            | Self::CutOff
            | Self::TooLarge { .. }
            | Self::TooMany(_)
            | Self::NoRoom
            | Self::Empty
            | Self::Compression(_)
            | Self::NotCsv
            | Self::Undecodable(_)
            | Self::UndecodableColumn(_)
            | Self::Blank
            | Self::ColumnMissing { .. }
            | Self::WrongCustomer { .. }
            | Self::Distrusted
            | Self::WrongRecord
            | Self::Incomplete { .. } => true,
            Self::Status {
                status, kind, csv, ..
            } => match *status {
                StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => true,
                // The service sends these with CSV. Without CSV they may be from a proxy that lost the service on the
                // way: a mesh says 503 when the connection is reset after the request was sent.
                StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => !csv,
                _ => *kind == Kind::UnexpectedStatus,
            },
            Self::AttemptsExhausted { last, .. } | Self::RetryBudgetSpent(last) => {
                last.leaves_a_change_unknown()
            }
            Self::Shared(error) => error.leaves_a_change_unknown(),
            Self::Unroutable { .. }
            | Self::Connect(_)
            | Self::Expired
            | Self::BreakerOpen { .. }
            | Self::ShuttingDown
            | Self::NothingSeen
            | Self::NothingDeleted
            | Self::NoRecord
            | Self::OutcomeUnknown { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
