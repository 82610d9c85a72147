//! Each row of the status table, as an answer and what is heard of it.

use tonic::Code;

use crate::support::{Answer, row};

const CSV: &str = "Content-Type: text/csv\r\n";

/// What the caller of a change hears when it may have happened.
pub(super) const UNKNOWN: (Code, &str) = (Code::Unknown, "OUTCOME_UNKNOWN");

/// A trouble, what a read hears of it, and what a change hears.
pub(super) type Row = (&'static str, Answer, (Code, &'static str), (Code, &'static str));

/// The same for reads and changes: the upstream has refused.
fn believed(name: &'static str, answer: Answer, code: Code, reason: &'static str) -> Row {
    (name, answer, (code, reason), (code, reason))
}

/// An error for a read; of a change, nothing is known.
fn ambiguous(name: &'static str, answer: Answer, code: Code, reason: &'static str) -> Row {
    (name, answer, (code, reason), UNKNOWN)
}

/// Every trouble.
pub(super) fn rows() -> Vec<Row> {
    let page = "<!doctype html><title>Log in</title>";
    let html = "Content-Type: text/html; charset=utf-8\r\n";
    let nothing = row(",,,False,,,0,");
    let cut = &row(",[],,False,,LIC,0,")[..100];
    let sound = row(",[],,False,,LIC,0,");
    let large = row(&format!(",[],,False,,{},0,", "x".repeat(4096)));
    let moved = "Location: /elsewhere\r\n";
    vec![
        believed(
            "404 that is not CSV",
            Answer::new(404, html, page),
            Code::Unimplemented,
            "UPSTREAM_NO_OPERATION",
        ),
        believed(
            "404 in CSV",
            Answer::new(404, CSV, &nothing),
            Code::NotFound,
            "NOT_FOUND",
        ),
        believed(
            "405",
            Answer::new(405, html, page),
            Code::Unimplemented,
            "UPSTREAM_NO_OPERATION",
        ),
        believed(
            "429",
            Answer::new(429, "", ""),
            Code::ResourceExhausted,
            "UPSTREAM_RATE_LIMITED",
        ),
        believed(
            "501",
            Answer::new(501, "", ""),
            Code::Unimplemented,
            "UPSTREAM_NO_OPERATION",
        ),
        believed(
            "500",
            Answer::new(500, html, page),
            Code::Internal,
            "UPSTREAM_FAILED",
        ),
        believed(
            "503",
            Answer::new(503, html, page),
            Code::Unavailable,
            "UPSTREAM_UNAVAILABLE",
        ),
        believed(
            "302",
            Answer::new(302, moved, ""),
            Code::Internal,
            "UPSTREAM_UNEXPECTED_STATUS",
        ),
        believed(
            "418",
            Answer::new(418, CSV, &sound),
            Code::Internal,
            "UPSTREAM_UNEXPECTED_STATUS",
        ),
        ambiguous(
            "502",
            Answer::new(502, html, page),
            Code::Unavailable,
            "UPSTREAM_UNAVAILABLE",
        ),
        ambiguous(
            "504",
            Answer::new(504, html, page),
            Code::DeadlineExceeded,
            "UPSTREAM_TIMEOUT",
        ),
        ambiguous(
            "201",
            Answer::new(201, CSV, &sound),
            Code::Internal,
            "UPSTREAM_UNEXPECTED_STATUS",
        ),
        ambiguous(
            "204",
            Answer::new(204, "", ""),
            Code::Internal,
            "UPSTREAM_UNEXPECTED_STATUS",
        ),
        ambiguous(
            "206",
            Answer::new(206, CSV, &sound),
            Code::Internal,
            "UPSTREAM_UNEXPECTED_STATUS",
        ),
        ambiguous(
            "HTML",
            Answer::new(200, html, page),
            Code::Internal,
            "UPSTREAM_NOT_CSV",
        ),
        ambiguous(
            "no type",
            Answer::new(200, "", &sound),
            Code::Internal,
            "UPSTREAM_NOT_CSV",
        ),
        ambiguous(
            "an empty body",
            Answer::csv(""),
            Code::Internal,
            "UPSTREAM_EMPTY_ANSWER",
        ),
        ambiguous(
            "nothing but defaults",
            Answer::csv(&nothing),
            Code::Internal,
            "UPSTREAM_UNDECODABLE",
        ),
        ambiguous(
            "a cut body",
            Answer::csv(cut),
            Code::Internal,
            "UPSTREAM_UNDECODABLE",
        ),
        ambiguous(
            "bad UTF-8",
            Answer::csv(b"License\n\xff\n"),
            Code::Internal,
            "UPSTREAM_UNDECODABLE",
        ),
        ambiguous(
            "two rows",
            Answer::csv("License\na\nb\n"),
            Code::Internal,
            "UPSTREAM_UNDECODABLE",
        ),
        ambiguous(
            "too large",
            Answer::csv(large),
            Code::Internal,
            "UPSTREAM_TOO_LARGE",
        ),
        ambiguous(
            "closed",
            Answer::close(),
            Code::Unavailable,
            "UPSTREAM_UNREACHABLE",
        ),
        ambiguous(
            "closed in the body",
            Answer::announcing(1000, 200, CSV, sound.as_bytes()),
            Code::Unavailable,
            "UPSTREAM_UNREACHABLE",
        ),
        ambiguous(
            "not HTTP",
            Answer::Bytes(b"SSH-2.0-x\r\n".to_vec()),
            Code::Unavailable,
            "UPSTREAM_UNREACHABLE",
        ),
        ambiguous(
            "no answer",
            Answer::Hang,
            Code::DeadlineExceeded,
            "UPSTREAM_TIMEOUT",
        ),
    ]
}
