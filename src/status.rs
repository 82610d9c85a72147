//! The one place where an error becomes a [`Status`]: one table of codes, reasons and texts.
//!
//! All three are fixed per kind of error: nothing that the upstream said reaches a caller. `docs/errors.md` is this file
//! as a page, and a test holds the two together.

mod row;
mod table;

use std::collections::HashMap;
use std::time::Duration;

use prost::Message as _;
use tonic::Status;
use tonic::metadata::MetadataValue;
use tonic_types::{FieldViolation, pb};

pub use self::row::DOMAIN;
use self::row::Row;
use self::table::{
    INVALID_REQUEST, MALFORMED_REQUEST, OVERLOADED, POLL_PENDING, REQUEST_ID_QUOTA, REQUEST_ID_REUSED,
    SLOW_REQUEST, UNKNOWN_METHOD, UNSUPPORTED_REQUEST, row_of_end, row_of_kind,
};
use crate::upstream::{Error, Kind, Seen};
use crate::watch::{End, NotLive, PollFailure, Quota};

/// The longest wait passed on to a caller.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(300);

/// The key of an `ErrorInfo` that holds the reason of what lies behind.
const CAUSE: &str = "cause";

/// The keys of an `ErrorInfo` that say what the last list shows of a change whose outcome is unknown, and when it was
/// answered, as RFC 3339 has it.
const SEEN: &str = "seen";
const AT: &str = "at";

/// The key of an `ErrorInfo` that says how many violations are not in the `BadRequest`.
const LEFT_OUT: &str = "violations_left_out";

/// The status of a failed call.
#[must_use]
pub fn of_call(error: &Error) -> Status {
    let kind = error.kind();
    let metadata = match (kind, error.cause()) {
        (Kind::AttemptsExhausted | Kind::RetryBudgetSpent, last) => [cause(last.kind())].into(),
        (_, Error::BreakerOpen { why, .. }) => [cause(*why)].into(),
        _ => error.seen().map(told_of).unwrap_or_default(),
    };
    of_row(&row_of_kind(kind), error.retry_after(), metadata)
}

/// The status of a kind of failure; `asked` is the wait that the upstream asked for.
#[must_use]
pub fn of_failure(kind: Kind, asked: Option<Duration>) -> Status {
    of_row(&row_of_kind(kind), asked, HashMap::new())
}

fn of_row(row: &Row, asked: Option<Duration>, metadata: HashMap<String, String>) -> Status {
    let mut details = row.details(metadata);
    if let (true, Some(asked)) = (row.is_retryable(), asked) {
        details.set_retry_info(Some(asked.min(MAX_RETRY_DELAY)));
    }
    row.status(details)
}

/// What was seen of a change whose outcome is unknown, and when.
fn told_of(seen: Seen) -> HashMap<String, String> {
    let told = |key: &str, value| (key.to_owned(), value);
    match seen {
        Seen::NotAsked => [told(SEEN, "not_asked".to_owned())].into(),
        Seen::Listed { shows, at } => {
            [told(SEEN, shows.name().to_owned()), told(AT, format!("{at:.3}"))].into()
        }
    }
}

/// What lies behind a failure, by its reason.
fn cause(kind: Kind) -> (String, String) {
    (CAUSE.to_owned(), row_of_kind(kind).reason.to_owned())
}

/// The status of a watch that was not opened or has ended.
#[must_use]
pub fn of_watch(end: End) -> Status {
    let row = row_of_end(end);
    let cause = match end {
        End::NoPoll(Some(kind)) => Some(cause(kind)),
        _ => None,
    };
    let mut details = row.details(cause.into_iter().collect());
    match end {
        End::Quota(quota) => {
            let (subject, limit) = match quota {
                Quota::FeedWatchers(limit) => ("watchers of one feed", limit),
                Quota::Watchers(limit) => ("watchers", limit),
                Quota::CustomerFeeds(limit) => ("feeds of one customer", limit),
                Quota::ConnectionFeeds(limit) => ("feeds of one connection", limit),
                Quota::Feeds(limit) => ("feeds", limit),
                Quota::Memory(limit) => ("bytes of memory", limit),
            };
            details.add_quota_failure_violation(subject, format!("at most {limit}"));
        }
        End::OtherFeed => {
            details.add_bad_request_violation("resume_token", "is of another query");
        }
        _ => {}
    }
    row.status(details)
}

/// Why a watched state is not live, as a message: the status, with its details, of what went wrong.
#[must_use]
pub fn explain(cause: &NotLive) -> pb::Status {
    let status = match *cause {
        NotLive::Failed(PollFailure { kind, retry_after }) => of_failure(kind, retry_after),
        NotLive::Pending => POLL_PENDING.status(POLL_PENDING.details(HashMap::new())),
    };
    // The details of a status are a whole `google.rpc.Status`, encoded.
    pb::Status::decode(status.details()).unwrap_or_else(|_| pb::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

/// The status of a request that breaks rules: the paths of fields, and what each must be; and how many more there are.
#[must_use]
pub fn of_violations<'v>(told: impl IntoIterator<Item = (&'v str, &'v str)>, left_out: usize) -> Status {
    let more = (left_out > 0).then(|| (LEFT_OUT.to_owned(), left_out.to_string()));
    let mut details = INVALID_REQUEST.details(more.into_iter().collect());
    details.set_bad_request(
        told.into_iter()
            .map(|(field, description)| FieldViolation::new(field, description))
            .collect::<Vec<_>>(),
    );
    INVALID_REQUEST.status(details)
}

/// The status of a change whose id is another change's.
#[must_use]
pub fn reused_request_id() -> Status {
    let mut details = REQUEST_ID_REUSED.details(HashMap::new());
    details.add_bad_request_violation("request_id", "must be another one for a change with other fields");
    REQUEST_ID_REUSED.status(details)
}

/// The status of a change whose caller has as many ids recorded as the `limit`.
#[must_use]
pub fn too_many_request_ids(limit: usize) -> Status {
    let mut details = REQUEST_ID_QUOTA.details(HashMap::new());
    details.add_quota_failure_violation("request_ids of one caller", format!("at most {limit}"));
    REQUEST_ID_QUOTA.status(details)
}

/// The status of a request that is not one whole message of its type.
#[must_use]
pub fn malformed_request() -> Status {
    MALFORMED_REQUEST.status(MALFORMED_REQUEST.details(HashMap::new()))
}

/// The status of a request that is made in a way that the gateway does not serve.
#[must_use]
pub fn unsupported_request() -> Status {
    let mut status = UNSUPPORTED_REQUEST.status(UNSUPPORTED_REQUEST.details(HashMap::new()));
    // Clients that compress are to hear what they may do instead.
    let identity = MetadataValue::from_static("identity");
    status.metadata_mut().insert("grpc-accept-encoding", identity);
    status
}

/// The status of a call of a method that is in no contract.
#[must_use]
pub fn unknown_method() -> Status {
    UNKNOWN_METHOD.status(UNKNOWN_METHOD.details(HashMap::new()))
}

/// The status of a call for which there is no place beside the others, or no room for its answer.
#[must_use]
pub fn overloaded() -> Status {
    OVERLOADED.status(OVERLOADED.details(HashMap::new()))
}

/// The status of a request that has not arrived as a whole in time.
#[must_use]
pub fn slow_request() -> Status {
    SLOW_REQUEST.status(SLOW_REQUEST.details(HashMap::new()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::row::PUSHBACK;
    use super::*;
    use crate::upstream::Shows;

    #[test]
    fn reasons_and_texts_have_their_form_and_each_text_one_meaning() {
        let rows: Vec<_> = Kind::ALL.into_iter().map(row_of_kind).collect();
        for row in &rows {
            let screaming = |b: u8| b.is_ascii_uppercase() || b == b'_';
            assert!(row.reason.bytes().all(screaming), "{}", row.reason);
        }
        let texts: HashSet<_> = rows.iter().map(|row| row.text).collect();
        assert_eq!(texts.len(), rows.len());
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
            assert!(!foreign.contains(&row_of_kind(kind).code), "{kind:?}");
        }
    }

    #[test]
    fn the_upstreams_wait_is_told_within_bounds_and_only_to_those_who_may_come_back() {
        let told = |kind, asked: Option<u64>| {
            let error = Error::Status {
                status: http::StatusCode::IM_A_TEAPOT,
                kind,
                csv: true,
                retry_after: asked.map(Duration::from_secs),
            };
            let delay = of_call(&error).get_details_retry_info()?.retry_delay?;
            Some(delay.as_secs())
        };
        assert_eq!(told(Kind::Unavailable, None), Some(1));
        assert_eq!(told(Kind::Unavailable, Some(7)), Some(7));
        assert_eq!(told(Kind::RateLimited, Some(1000)), Some(300));
        assert_eq!(told(Kind::Failed, Some(7)), None);
        assert_eq!(told(Kind::OutcomeUnknown, Some(7)), None);
    }

    #[test]
    fn a_retry_policy_is_told_when_to_try_again_and_never_to_multiply_attempts() {
        let pushback = |error: &Error| {
            let status = of_call(error);
            let value = status.metadata().get(PUSHBACK)?;
            Some(value.to_str().expect("digits").to_owned())
        };
        let down = || Box::new(Error::Connect("refused".into()));
        let (attempts, last) = (3, down());
        let wait = Duration::from_millis(1500);
        let open = Error::BreakerOpen {
            retry_after: wait,
            why: Kind::Interrupted,
        };
        assert_eq!(pushback(&down()).as_deref(), Some("1000"));
        assert_eq!(pushback(&open).as_deref(), Some("1500"));
        assert_eq!(pushback(&Error::Empty), None);
        let unknown = Error::Empty.of_change();
        for harmful in [
            Error::AttemptsExhausted { attempts, last },
            Error::RetryBudgetSpent(down()),
            unknown,
        ] {
            assert_eq!(pushback(&harmful).as_deref(), Some("-1"), "{harmful:?}");
        }
    }

    #[test]
    fn what_was_given_up_tells_how_it_failed_last() {
        let (attempts, last) = (3, Box::new(Error::Connect("refused".into())));
        let status = of_call(&Error::AttemptsExhausted { attempts, last });
        let info = status.get_details_error_info().expect("an ErrorInfo");
        assert_eq!(info.reason, "ATTEMPTS_EXHAUSTED");
        assert_eq!(info.metadata[CAUSE], "UPSTREAM_UNREACHABLE");
    }

    #[test]
    fn what_was_seen_of_a_change_is_told_with_its_time() {
        let metadata = |seen| {
            let cause = Box::new(Error::Empty);
            let status = of_call(&Error::OutcomeUnknown { cause, seen });
            status.get_details_error_info().expect("an ErrorInfo").metadata
        };
        let told = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<HashMap<_, _>>()
        };
        assert_eq!(metadata(Seen::NotAsked), told(&[("seen", "not_asked")]));
        let at = "2026-11-25T05:13:36.0421Z".parse().expect("a time");
        for (shows, name) in [
            (Shows::Absent, "absent"),
            (Shows::Present, "present"),
            (Shows::Different, "different"),
        ] {
            let expected = told(&[("seen", name), ("at", "2026-11-25T05:13:36.042Z")]);
            assert_eq!(metadata(Seen::Listed { shows, at }), expected);
        }
    }

    #[test]
    fn violations_keep_their_order_and_their_words() {
        let violations = [
            ("name", "must not be empty"),
            ("product_ids[1]", "must not contain a comma"),
        ];
        let details = of_violations(violations, 0).get_error_details();
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
