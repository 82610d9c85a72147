//! What errors mean for a change.

use std::collections::HashSet;

use super::*;

fn status(code: u16, kind: Kind, csv: bool) -> Error {
    Error::Status {
        status: StatusCode::from_u16(code).expect("a status"),
        kind,
        csv,
        retry_after: None,
    }
}

fn undecodable() -> Error {
    Error::Undecodable(csv::one_from_slice::<crate::wire::Answer>(b"x").expect_err("no CSV"))
}

#[test]
fn what_says_nothing_about_a_change_leaves_its_outcome_unknown() {
    for error in [
        Error::Interrupted("cut".into()),
        Error::NotHttp("garbage".into()),
        Error::Elapsed {
            within: Duration::from_secs(1),
        },
        Error::DeadlinePassed {
            within: Duration::from_secs(1),
        },
        Error::RetryBudgetSpent(Box::new(Error::NotCsv)),
        Error::CutOff,
        Error::TooLarge { limit: 1 },
        Error::TooMany("rows".into()),
        Error::NoRoom,
        Error::Empty,
        Error::Compression("garbage".into()),
        Error::NotCsv,
        undecodable(),
        Error::Blank,
        Error::ColumnMissing { column: "Extension" },
        Error::WrongCustomer { member: "ICustomer" },
        Error::Distrusted,
        Error::WrongRecord,
        Error::Incomplete { column: "Extension" },
        status(206, Kind::UnexpectedStatus, true),
        status(303, Kind::UnexpectedStatus, false),
        status(408, Kind::UnexpectedStatus, false),
        status(524, Kind::UnexpectedStatus, false),
        status(500, Kind::Failed, false),
        status(502, Kind::Unavailable, true),
        status(503, Kind::Unavailable, false),
        status(504, Kind::Elapsed, true),
    ] {
        let kind = error.kind();
        let heard = error.of_change();
        assert_eq!(heard.kind(), Kind::OutcomeUnknown);
        let Error::OutcomeUnknown { cause, seen } = heard else {
            panic!("{heard:?}");
        };
        assert_eq!(cause.kind(), kind, "the log still has the cause");
        assert_eq!(seen, Seen::NotAsked);
    }
}

#[test]
fn a_refusal_is_believed_and_nothing_is_unknown_twice() {
    for error in [
        Error::Unroutable { template: "" },
        Error::Connect("refused".into()),
        Error::NothingDeleted,
        Error::NoRecord,
        Error::Empty.of_change(),
        Error::Expired,
        Error::BreakerOpen {
            retry_after: Duration::from_secs(1),
            why: Kind::Unavailable,
        },
        Error::AttemptsExhausted {
            attempts: 3,
            last: Box::new(Error::Connect("refused".into())),
        },
        Error::ShuttingDown,
        status(400, Kind::Refused, false),
        status(401, Kind::LicenseRejected, false),
        status(404, Kind::NoOperation, false),
        status(409, Kind::AlreadyExists, true),
        status(429, Kind::RateLimited, false),
        status(500, Kind::Failed, true),
        status(503, Kind::Unavailable, true),
    ] {
        let kind = error.kind();
        assert_eq!(error.of_change().kind(), kind);
    }
}

#[test]
fn each_kind_has_an_error_type_of_its_own() {
    let types: HashSet<_> = Kind::ALL.into_iter().map(Kind::error_type).collect();
    assert_eq!(types.len(), Kind::ALL.len());
    let snake = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    assert!(types.iter().all(snake), "{types:?}");
}
