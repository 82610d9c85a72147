//! Each row of the status table: an answer of the upstream, and the statuses that callers get.

use tonic::Code;

use crate::support::{Answer, row};

const CSV: &str = "Content-Type: text/csv\r\n";
const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";
const PAGE: &str = "<!doctype html><title>Log in</title>";

/// The status of a change that may have happened.
pub(super) const UNKNOWN: (Code, &str) = (Code::Unknown, "OUTCOME_UNKNOWN");

/// A trouble, the status of a read that meets it, and that of a change.
pub(super) type Row = (&'static str, Answer, (Code, &'static str), (Code, &'static str));

/// The same for reads and changes: the upstream has refused.
fn believed(name: &'static str, answer: Answer, heard: (Code, &'static str)) -> Row {
    (name, answer, heard, heard)
}

/// An error for a read; the outcome of a change is unknown.
fn ambiguous(name: &'static str, answer: Answer, heard: (Code, &'static str)) -> Row {
    (name, answer, heard, UNKNOWN)
}

/// Every trouble.
pub(super) fn rows() -> Vec<Row> {
    [refusals(), odd_statuses(), odd_answers(), broken_exchanges()].concat()
}

fn refusals() -> Vec<Row> {
    let nothing = row(",,,False,,,0,");
    let in_csv = |status| Answer::new(status, CSV, &nothing);
    let page = |status| Answer::new(status, HTML, PAGE);
    let bare = |status| Answer::new(status, "", "");
    let moved = Answer::new(302, "Location: /elsewhere\r\n", "");
    let teapot = Answer::new(418, CSV, row(",[],,False,,LIC,0,"));
    let no_route = (Code::Unimplemented, "UPSTREAM_NO_OPERATION");
    let limited = (Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED");
    let unexpected = (Code::Internal, "UPSTREAM_UNEXPECTED_STATUS");
    let failed = (Code::Internal, "UPSTREAM_FAILED");
    let down = (Code::Unavailable, "UPSTREAM_UNAVAILABLE");
    vec![
        believed("404 that is not CSV", page(404), no_route),
        believed("404 in CSV", in_csv(404), (Code::NotFound, "NOT_FOUND")),
        believed("405", page(405), no_route),
        believed("429", bare(429), limited),
        believed("501", bare(501), no_route),
        believed("500 in CSV", in_csv(500), failed),
        believed("503 in CSV", in_csv(503), down),
        ambiguous("500 that may be a proxy's", page(500), failed),
        ambiguous("503 that may be a proxy's", bare(503), down),
        ambiguous("302", moved, unexpected),
        ambiguous("418", teapot, unexpected),
        ambiguous("524", page(524), unexpected),
    ]
}

fn odd_statuses() -> Vec<Row> {
    let sound = row(",[],,False,,LIC,0,");
    let unexpected = (Code::Internal, "UPSTREAM_UNEXPECTED_STATUS");
    let late = (Code::DeadlineExceeded, "UPSTREAM_TIMEOUT");
    let empty = (Code::Internal, "UPSTREAM_EMPTY_ANSWER");
    let down = (Code::Unavailable, "UPSTREAM_UNAVAILABLE");
    vec![
        ambiguous("502", Answer::new(502, HTML, PAGE), down),
        ambiguous("504", Answer::new(504, HTML, PAGE), late),
        ambiguous("201", Answer::new(201, CSV, &sound), unexpected),
        ambiguous("204", Answer::new(204, "", ""), empty),
        ambiguous("206", Answer::new(206, CSV, &sound), unexpected),
    ]
}

fn odd_answers() -> Vec<Row> {
    let sound = row(",[],,False,,LIC,0,");
    let nothing = row(",,,False,,,0,");
    let large = row(&format!(",[],,False,,{},0,", "x".repeat(4096)));
    let not_csv = (Code::Internal, "UPSTREAM_NOT_CSV");
    let undecodable = (Code::Internal, "UPSTREAM_UNDECODABLE");
    let empty = (Code::Internal, "UPSTREAM_EMPTY_ANSWER");
    let too_large = (Code::Internal, "UPSTREAM_TOO_LARGE");
    vec![
        ambiguous("HTML", Answer::new(200, HTML, PAGE), not_csv),
        ambiguous("no type", Answer::new(200, "", &sound), not_csv),
        ambiguous("an empty body", Answer::csv(""), empty),
        ambiguous("nothing but defaults", Answer::csv(nothing), undecodable),
        ambiguous("a cut body", Answer::csv(&sound[..100]), undecodable),
        ambiguous("bad UTF-8", Answer::csv(b"License\n\xff\n"), undecodable),
        ambiguous("two rows", Answer::csv("License\na\nb\n"), undecodable),
        ambiguous("too large", Answer::csv(large), too_large),
    ]
}

fn broken_exchanges() -> Vec<Row> {
    let cut = Answer::announcing(1000, 200, CSV, row(",[],,False,,LIC,0,").as_bytes());
    let foreign = Answer::Bytes(b"SSH-2.0-x\r\n".to_vec());
    let reason = Answer::Bytes(b"HTTP/1.1 500 Bad\x01thing\r\nContent-Length: 0\r\n\r\n".to_vec());
    let chunk = Answer::Bytes(
        format!("HTTP/1.1 200 OK\r\n{CSV}Transfer-Encoding: chunked\r\n\r\nzz\r\n").into_bytes(),
    );
    let not_http = (Code::Internal, "UPSTREAM_NOT_HTTP");
    let unreachable = (Code::Unavailable, "UPSTREAM_UNREACHABLE");
    let late = (Code::DeadlineExceeded, "UPSTREAM_TIMEOUT");
    vec![
        ambiguous("closed", Answer::close(), unreachable),
        ambiguous("closed in the body", cut, unreachable),
        ambiguous("not HTTP", foreign, not_http),
        ambiguous("a reason phrase with control characters", reason, not_http),
        ambiguous("a chunk without a length", chunk, not_http),
        ambiguous("no answer", Answer::Hang, late),
    ]
}
