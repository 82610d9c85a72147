//! The kinds of failures: what readiness, the log and the status go by.

/// What kind of failure it was: the input of every decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The gateway could not build the request.
    Unroutable,
    /// The upstream cannot be reached: not one byte of the request was written.
    Unreachable,
    /// The connection broke after the request may have been written.
    Interrupted,
    /// What answers at the upstream's address does not speak HTTP.
    NotHttp,
    /// 502 or 503: the upstream is there, and overloaded or down for maintenance.
    Unavailable,
    /// No answer in time, or 504.
    Elapsed,
    /// The caller's deadline had passed before anything was sent, or left too little time for it.
    Expired,
    /// The caller's deadline passed while the answer was awaited.
    DeadlinePassed,
    /// The breaker is open: nothing was sent.
    BreakerOpen,
    /// It failed as often as it may be tried.
    AttemptsExhausted,
    /// It failed, and so much else does that it was not tried again.
    RetryBudgetSpent,
    /// The gateway stops.
    ShuttingDown,
    /// 400: the upstream refused a value.
    Refused,
    /// 401 or 403: the upstream refused the gateway's licence.
    LicenseRejected,
    /// 404 from the service, or a deletion that found nothing.
    NotFound,
    /// 404 that is not from the service, 405 or 501: the host has no such operation.
    NoOperation,
    /// 409 to an add.
    AlreadyExists,
    /// 409 to anything else.
    Conflict,
    /// 429.
    RateLimited,
    /// 500.
    Failed,
    /// A status that the service never gives: another 2xx, a redirect, any other.
    UnexpectedStatus,
    /// 204, or 200 without a body.
    Empty,
    /// 200 with something else than CSV.
    NotCsv,
    /// 200 with CSV that cannot be read, or with nothing in it of what the operation is for.
    Undecodable,
    /// 200 with CSV that has not all columns that the operation takes.
    ColumnMissing,
    /// 200 with another customer's rows, or by connections that have brought such.
    WrongCustomer,
    /// 200 with another record than the one that was to be updated.
    WrongRecord,
    /// The body is over the cap, or has too many rows or columns.
    TooLarge,
    /// The gateway has no memory left for what the answer says.
    NoRoom,
    /// A change whose outcome could not be established.
    OutcomeUnknown,
}

impl Kind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 30] = [
        Self::Unroutable,
        Self::Unreachable,
        Self::Interrupted,
        Self::NotHttp,
        Self::Unavailable,
        Self::Elapsed,
        Self::Expired,
        Self::DeadlinePassed,
        Self::BreakerOpen,
        Self::AttemptsExhausted,
        Self::RetryBudgetSpent,
        Self::ShuttingDown,
        Self::Refused,
        Self::LicenseRejected,
        Self::NotFound,
        Self::NoOperation,
        Self::AlreadyExists,
        Self::Conflict,
        Self::RateLimited,
        Self::Failed,
        Self::UnexpectedStatus,
        Self::Empty,
        Self::NotCsv,
        Self::Undecodable,
        Self::ColumnMissing,
        Self::WrongCustomer,
        Self::WrongRecord,
        Self::TooLarge,
        Self::NoRoom,
        Self::OutcomeUnknown,
    ];

    /// The value of the `error.type` attribute in spans and logs.
    #[must_use]
    pub fn error_type(self) -> &'static str {
        match self {
            Self::Unroutable => "unroutable",
            Self::Unreachable => "unreachable",
            Self::Interrupted => "interrupted",
            Self::NotHttp => "not_http",
            Self::Unavailable => "unavailable",
            Self::Elapsed => "elapsed",
            Self::Expired => "expired",
            Self::DeadlinePassed => "deadline_passed",
            Self::BreakerOpen => "breaker_open",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::RetryBudgetSpent => "retry_budget_spent",
            Self::ShuttingDown => "shutting_down",
            Self::Refused => "refused",
            Self::LicenseRejected => "license_rejected",
            Self::NotFound => "not_found",
            Self::NoOperation => "no_operation",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Failed => "failed",
            Self::UnexpectedStatus => "unexpected_status",
            Self::Empty => "empty",
            Self::NotCsv => "not_csv",
            Self::Undecodable => "undecodable",
            Self::ColumnMissing => "column_missing",
            Self::WrongCustomer => "wrong_customer",
            Self::WrongRecord => "wrong_record",
            Self::TooLarge => "too_large",
            Self::NoRoom => "no_room",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }

    /// Whether the answer is sound but the one to another question: then the next one on its connection may be, too.
    #[must_use]
    pub fn is_of_another_question(self) -> bool {
        matches!(self, Self::WrongCustomer | Self::WrongRecord)
    }
}
