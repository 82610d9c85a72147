//! Holds `docs/errors.md` and the code together: each row says what the code does, and every kind has a row.

#![allow(
    clippy::panic,
    reason = "a failed check outside of a test function is still a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use portico::status;
use portico::upstream::{Effect, Error, Kind, answer};
use portico::watch::{End, Quota};
use tonic::Code;
use tonic_types::StatusExt as _;

/// One row of the table of upstream failures.
struct Row {
    what: String,
    error_type: String,
    code: String,
    reason: String,
    retry: String,
    for_a_change: String,
}

fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let rows: Vec<Row> = page
        .lines()
        .skip_while(|line| !line.starts_with("| what happened at the upstream |"))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(row)
        .collect();
    assert!(!rows.is_empty(), "the page has no table");
    rows
}

fn row(line: &str) -> Row {
    let mut cells = line.trim_matches('|').split('|').map(str::trim);
    let mut cell = || {
        cells
            .next()
            .unwrap_or_else(|| panic!("a cell is missing: {line}"))
    };
    let code = |cell: &str| cell.trim_matches('`').to_owned();
    Row {
        what: cell().to_owned(),
        error_type: code(cell()),
        code: code(cell()),
        reason: code(cell()),
        retry: cell().to_owned(),
        for_a_change: code(cell()),
    }
}

fn kind_named(error_type: &str) -> Kind {
    let kind = Kind::ALL.into_iter().find(|kind| kind.error_type() == error_type);
    kind.unwrap_or_else(|| panic!("there is no kind {error_type}"))
}

/// The code as the gRPC specification writes it; tonic's names only differ in case.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

fn reason(kind: Kind) -> String {
    let info = status::of_failure(kind, None).get_details_error_info();
    info.expect("an ErrorInfo").reason
}

#[test]
fn each_row_has_the_code_and_reason_of_its_kind() {
    for row in rows() {
        let kind = kind_named(&row.error_type);
        let status = status::of_failure(kind, None);
        assert_eq!(row.code, name(status.code()), "{}", row.what);
        assert_eq!(row.reason, reason(kind), "{}", row.what);
        let retry = status.get_details_retry_info();
        assert_eq!(row.retry != "none", retry.is_some(), "{}", row.what);
    }
}

#[test]
fn every_kind_has_a_row() {
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.error_type).collect();
    for kind in Kind::ALL {
        assert!(listed.contains(kind.error_type()), "{kind:?} has no row");
    }
}

#[test]
fn what_the_gateway_refuses_is_listed() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md"));
    let page = page.expect("the page is there");
    let ends = [
        End::NoPoll(None),
        End::Stale,
        End::Quota(Quota::Feeds(1)),
        End::Quota(Quota::Memory(1)),
        End::SlowConsumer,
        End::Deadline,
        End::Draining,
        End::Failed,
    ];
    for refused in ends.map(status::of_watch).into_iter().chain([
        status::of_violations([], 0),
        status::of_watch(End::OtherFeed),
        status::malformed_request(),
        status::slow_request(),
        status::overloaded(),
        status::reused_request_id(),
        status::too_many_request_ids(1),
        status::unsupported_request(),
        status::unknown_method(),
    ]) {
        let info = refused.get_details_error_info().expect("an ErrorInfo");
        let cells = format!("| `{}` | `{}` |", name(refused.code()), info.reason);
        assert!(page.contains(&cells), "not listed: {cells}");
        assert_eq!(
            page.lines()
                .any(|line| line.contains(&cells) && line.contains("`RetryInfo`")),
            refused.get_details_retry_info().is_some(),
            "{cells}"
        );
    }
}

/// The error that a call with this effect ends with when the case of the row happens.
fn error_of(row: &Row, effect: Effect) -> Error {
    if let Some(status) = row.what.get(..3).and_then(|digits| digits.parse().ok()) {
        return error_of_answer(&row.what, status, effect);
    }
    match &*row.what {
        what if what.starts_with("no connection") => Error::Connect("refused".into()),
        what if what.starts_with("the connection broke") => Error::Interrupted("cut".into()),
        what if what.starts_with("nothing was sent: the caller's deadline") => Error::Expired,
        what if what.starts_with("nothing was sent: the gateway") => Error::ShuttingDown,
        what if what.starts_with("the gateway stopped") => Error::CutOff,
        what if what.starts_with("no complete answer") => Error::Elapsed {
            within: Duration::from_secs(30),
        },
        what if what.starts_with("the caller's deadline passed") => Error::DeadlinePassed {
            within: Duration::from_secs(3),
        },
        what if what.starts_with("nothing was sent: the breaker") => Error::BreakerOpen {
            retry_after: Duration::from_secs(3),
            why: Kind::Unreachable,
        },
        what if what.starts_with("each of several attempts") => Error::AttemptsExhausted {
            attempts: 3,
            last: Box::new(Error::Connect("refused".into())),
        },
        what if what.starts_with("an attempt failed, and the budget") => {
            Error::RetryBudgetSpent(Box::new(Error::Connect("refused".into())))
        }
        what if what.starts_with("a body over 16 MiB") => Error::TooLarge {
            limit: portico::upstream::http::Params::default().max_body,
        },
        what if what.starts_with("a poll's body for which") => Error::NoRoom,
        what if what.starts_with("what answers") => Error::NotHttp("garbage".into()),
        what if what.starts_with("a deletion") => Error::NothingDeleted,
        what if what.starts_with("a change was sent") => Error::Empty.of_change(),
        what if what.starts_with("none: the gateway") => Error::Unroutable { template: "" },
        what => panic!("no example of: {what}"),
    }
}

fn error_of_answer(what: &str, status: u16, effect: Effect) -> Error {
    const DEFAULTS: &[u8] = b"ExtensionLst,ExtensionDeleted\n,False\n";
    let status = StatusCode::from_u16(status).expect("a status");
    let html = what.contains("not CSV") || what.contains("without CSV");
    let media_type = if html { "text/html" } else { "text/csv" };
    let body = match what {
        what if what.starts_with("200 without a body") => b"".as_slice(),
        what if what.starts_with("200 with CSV") => b"ExtensionLst,ExtensionDeleted\n[{i_c_e",
        what if what.starts_with("200 with a body whose compression") => {
            return Error::Compression("garbage".into());
        }
        what if what.starts_with("200 with more rows") => b"ExtensionLst\n\"[{},{},{},{}]\"\n",
        what if what.starts_with("200 without a column") => b"ExtensionDeleted,License\nFalse,LIC\n",
        what if what.starts_with("200 with a row of another customer") => {
            return Error::WrongCustomer { member: "" };
        }
        what if what.starts_with("200 by connections that were given up") => return Error::Distrusted,
        what if what.starts_with("200 to an update with another record") => {
            return Error::WrongRecord;
        }
        what if what.starts_with("200 with nothing in the column") => {
            return Error::Incomplete { column: "" };
        }
        _ => DEFAULTS,
    };
    let mut answer = Response::new(Bytes::from_static(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let read = answer::check(&answer, effect).and_then(|()| answer::decode(answer.body(), &["ExtensionLst"]));
    read.expect_err("a row of failures")
}

#[test]
fn what_happened_has_the_kind_of_its_row() {
    for row in rows() {
        let effect = if row.what.ends_with("to an add") {
            Effect::Add
        } else {
            Effect::Change
        };
        let error = error_of(&row, effect);
        assert_eq!(error.kind(), kind_named(&row.error_type), "{}", row.what);
    }
}

#[test]
fn a_change_ends_as_its_column_says() {
    for row in rows() {
        for effect in [Effect::Add, Effect::Change] {
            let error = error_of(&row, effect);
            let plain = error.kind();
            let heard = reason(error.of_change().kind());
            match &*row.for_a_change {
                "the same" => assert_eq!(heard, reason(plain), "{}", row.what),
                expected => assert_eq!(heard, expected, "{}", row.what),
            }
        }
    }
}
