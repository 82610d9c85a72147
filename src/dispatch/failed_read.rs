//! What a failed list of extensions means for a change that wants to know what there is: one table by kind.

use crate::upstream::Kind;

/// What a failed read means for what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailedRead {
    /// The upstream cannot be asked for anything now. A change would only meet the same.
    Down,
    /// The list cannot be read this time, which says nothing about changes.
    Unread,
    /// There is no such list, and there will be none.
    NoList,
}

impl FailedRead {
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Unreachable
            | Kind::Interrupted
            | Kind::NotHttp
            | Kind::Unavailable
            | Kind::Elapsed
            | Kind::Expired
            | Kind::DeadlinePassed
            | Kind::BreakerOpen
            | Kind::AttemptsExhausted
            | Kind::RetryBudgetSpent
            | Kind::RateLimited
            | Kind::LicenseRejected
            | Kind::ShuttingDown => Self::Down,
            // Of one list: a row that cannot be read, a page in its place, more than is read. Hosts have failed at lists and
            // made changes.
            Kind::Failed
            | Kind::UnexpectedStatus
            | Kind::Empty
            | Kind::NotCsv
            | Kind::Undecodable
            | Kind::ColumnMissing
            | Kind::WrongCustomer
            | Kind::WrongRecord
            | Kind::TooLarge
            | Kind::NoRoom
            | Kind::AlreadyExists
            | Kind::Conflict
            | Kind::OutcomeUnknown => Self::Unread,
            Kind::Unroutable | Kind::Refused | Kind::NotFound | Kind::NoOperation => Self::NoList,
        }
    }
}
