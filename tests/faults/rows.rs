//! The table: what each fault of the upstream is to callers, to watchers, and to whoever asks whether the gateway is ready.

use tonic::Code;

use super::upstream::{Fault, answer};

/// What a call ends with, by its `ErrorInfo`, and how many requests of it the upstream has seen.
pub(crate) type Heard = (Code, &'static str, usize);

/// What becomes of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// It goes on.
    Live,
    /// Its state grows old: the breaker lets its polls through, and they fail.
    Stale,
    /// The upstream is left alone.
    Down,
}

/// One fault.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// A read that meets it.
    pub(crate) read: Heard,
    /// An add that meets it and is not made.
    pub(crate) change: Heard,
    /// Whether an add that meets it, and is made all the same, is told to be: lists of extensions are as they should be.
    pub(crate) is_settled: bool,
    pub(crate) feed: Feed,
    /// What `/readyz` says when it has lasted: `ready`, or the `error.type` for which it is not.
    pub(crate) ready: &'static str,
}

const CSV: &str = "text/csv";
const HTML: &str = "text/html";
const LOGIN: &[u8] = b"<!doctype html><title>Log in</title>";
const EMPTY: &[u8] =
    b"lstportaActiveCalls,ExtensionLst,Extension,ExtensionDeleted,ExtensionsActiveCalls,License,ContentId,\
FeatureName\n,[],,False,,LIC,0,\n";

/// The status of a change that may have been made.
const UNKNOWN: Heard = (Code::Unknown, "OUTCOME_UNKNOWN", 1);

/// An answer with one more header.
fn with(header: &str, status: u16) -> Fault {
    let head =
        format!("HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: 0\r\n{header}\r\n\r\n");
    Fault::Bytes(head.into_bytes())
}

/// An answer that is cut after half of its body.
fn half() -> Vec<u8> {
    let mut bytes = answer(200, CSV, EMPTY);
    bytes.truncate(bytes.len() - EMPTY.len() / 2);
    bytes
}

/// What may pass: tried three times if it is a read, and looked for if it is a change.
fn momentary(name: &'static str, fault: Fault, feed: Feed, ready: &'static str) -> Row {
    Row {
        name,
        fault,
        read: (Code::Unavailable, "ATTEMPTS_EXHAUSTED", 3),
        change: UNKNOWN,
        is_settled: true,
        feed,
        ready,
    }
}

/// An answer that is none: asked for once.
fn unusable(name: &'static str, fault: Fault, reason: &'static str, ready: &'static str) -> Row {
    Row {
        name,
        fault,
        read: (Code::Internal, reason, 1),
        change: UNKNOWN,
        is_settled: true,
        feed: Feed::Stale,
        ready,
    }
}

/// A no that is believed: asked for once, and no change was made.
fn refused(
    name: &'static str,
    fault: Fault,
    heard: (Code, &'static str),
    feed: Feed,
    ready: &'static str,
) -> Row {
    let heard = (heard.0, heard.1, 1);
    Row {
        name,
        fault,
        read: heard,
        change: heard,
        is_settled: false,
        feed,
        ready,
    }
}

pub(crate) fn rows() -> Vec<Row> {
    [connections(), bodies(), statuses()].concat()
}

fn connections() -> Vec<Row> {
    let unsent = |name, fault, seen: usize| Row {
        // Not one byte of the change was written, or its list before could not be read: nothing was sent.
        change: (Code::Unavailable, "ATTEMPTS_EXHAUSTED", seen),
        is_settled: false,
        read: (Code::Unavailable, "ATTEMPTS_EXHAUSTED", seen),
        ..momentary(name, fault, Feed::Down, "unreachable")
    };
    vec![
        unsent("refused", Fault::Refused, 0),
        unsent("black hole", Fault::BlackHole, 0),
        Row {
            ready: "interrupted",
            ..unsent("reset before the request", Fault::ResetBefore, 3)
        },
        momentary(
            "reset after the request",
            Fault::ResetAfter,
            Feed::Down,
            "interrupted",
        ),
        momentary("half closed", Fault::HalfClosed, Feed::Down, "interrupted"),
        momentary(
            "stalled before the answer",
            Fault::Stalled(vec![]),
            Feed::Stale,
            "elapsed",
        ),
        momentary(
            "stalled in the body",
            Fault::Stalled(half()),
            Feed::Stale,
            "elapsed",
        ),
        momentary(
            "dripping",
            Fault::Dripping(answer(200, CSV, EMPTY)),
            Feed::Stale,
            "elapsed",
        ),
    ]
}

fn bodies() -> Vec<Row> {
    let cut = Fault::Bytes(half());
    let garbage = Fault::Bytes(b"\x16\x03\x01\x02\x00SSH-2.0\r\n\r\n".to_vec());
    let long = {
        let text = String::from_utf8(answer(200, CSV, EMPTY)).expect("ASCII");
        let length = format!("Content-Length: {}", EMPTY.len());
        Fault::Bytes(text.replace(&length, "Content-Length: 40").into_bytes())
    };
    vec![
        momentary("cut in the body", cut, Feed::Down, "interrupted"),
        Row {
            feed: Feed::Down,
            ..unusable("garbage", garbage, "UPSTREAM_NOT_HTTP", "not_http")
        },
        unusable(
            "longer than announced",
            long,
            "UPSTREAM_UNDECODABLE",
            "undecodable",
        ),
        unusable(
            "200 with HTML",
            Fault::Bytes(answer(200, HTML, LOGIN)),
            "UPSTREAM_NOT_CSV",
            "not_csv",
        ),
        unusable(
            "200 with nothing",
            Fault::Bytes(answer(200, CSV, b"")),
            "UPSTREAM_EMPTY_ANSWER",
            "empty",
        ),
    ]
}

fn statuses() -> Vec<Row> {
    let unexpected = "UPSTREAM_UNEXPECTED_STATUS";
    let license = (Code::Internal, "UPSTREAM_LICENSE_REJECTED");
    let limited = (Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED");
    let unauthorized = Fault::Bytes(answer(401, CSV, b""));
    vec![
        unusable(
            "204",
            Fault::Bytes(answer(204, CSV, b"")),
            "UPSTREAM_EMPTY_ANSWER",
            "empty",
        ),
        unusable(
            "206",
            Fault::Bytes(answer(206, CSV, EMPTY)),
            unexpected,
            "unexpected_status",
        ),
        unusable(
            "302 to a login page",
            with("Location: /login", 302),
            unexpected,
            "unexpected_status",
        ),
        unusable(
            "500 with HTML",
            Fault::Bytes(answer(500, HTML, LOGIN)),
            "UPSTREAM_FAILED",
            "failed",
        ),
        refused("401", unauthorized.clone(), license, Feed::Stale, "ready"),
        refused(
            "401 now and then",
            Fault::Flapping(Box::new(unauthorized)),
            license,
            Feed::Live,
            "ready",
        ),
        refused("429", with("X: y", 429), limited, Feed::Stale, "ready"),
        refused(
            "429 with a long Retry-After",
            with("Retry-After: 60", 429),
            limited,
            Feed::Stale,
            "ready",
        ),
        Row {
            read: (Code::Unavailable, "ATTEMPTS_EXHAUSTED", 3),
            ..momentary("503", with("X: y", 503), Feed::Down, "unavailable")
        },
        Row {
            read: (Code::Unavailable, "UPSTREAM_UNAVAILABLE", 1),
            ..momentary(
                "503 with a long Retry-After",
                with("Retry-After: 60", 503),
                Feed::Down,
                "unavailable",
            )
        },
        momentary(
            "502",
            Fault::Bytes(answer(502, HTML, LOGIN)),
            Feed::Down,
            "unavailable",
        ),
        momentary(
            "504",
            Fault::Bytes(answer(504, HTML, LOGIN)),
            Feed::Stale,
            "elapsed",
        ),
    ]
}
