//! A row of the table, and how a status is made of it.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "portico";

/// What to wait before the next try when the upstream did not say.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The header by which a server tells a client's retry policy when to try again: in milliseconds, or not at all (gRPC A6).
pub(super) const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// A row of the table.
pub(super) struct Row {
    pub(super) code: Code,
    pub(super) reason: &'static str,
    pub(super) text: &'static str,
}

pub(super) const fn row(code: Code, reason: &'static str, text: &'static str) -> Row {
    Row { code, reason, text }
}

impl Row {
    /// Whether the same call may succeed later. A caller that is told one of these codes may try again, but not at once.
    pub(super) fn is_retryable(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::ResourceExhausted)
    }

    /// Whether whoever repeats the call without having thought about it does harm: the gateway has repeated it already, so
    /// that attempts would multiply, or it may have been a change.
    fn is_final(&self) -> bool {
        matches!(
            self.reason,
            "ATTEMPTS_EXHAUSTED" | "RETRY_BUDGET_SPENT" | "OUTCOME_UNKNOWN"
        )
    }

    /// The details that each status of the row has.
    pub(super) fn details(&self, metadata: HashMap<String, String>) -> ErrorDetails {
        let mut details = ErrorDetails::with_error_info(self.reason, DOMAIN, metadata);
        if self.is_retryable() {
            details.set_retry_info(Some(RETRY_DELAY));
        }
        details
    }

    /// The status, which tells a client's retry policy what its details tell a person.
    pub(super) fn status(&self, details: ErrorDetails) -> Status {
        let delay = details.retry_info().and_then(|info| info.retry_delay);
        let mut status = Status::with_error_details(self.code, self.text, details);
        let pushback = match delay {
            _ if self.is_final() => Some((-1).into()),
            Some(delay) => Some(i32::try_from(delay.as_millis()).unwrap_or(i32::MAX).into()),
            None => None,
        };
        if let Some(pushback) = pushback {
            status.metadata_mut().insert(PUSHBACK, pushback);
        }
        status
    }
}
