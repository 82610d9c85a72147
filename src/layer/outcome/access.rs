//! The access log: a line of JSON for each RPC, for those who want each. An observer for
//! [`OutcomeLayer`](super::OutcomeLayer).

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::code::name;
use super::ended::Ended;
use super::origin::Origin;
use crate::telemetry::log::Lines;

/// Writes a line for each RPC.
#[derive(Clone, Debug)]
pub struct AccessLog(Lines);

/// A line. No member holds a customer, nor any text of a caller.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// When the RPC ended.
    time: String,
    #[serde(rename = "rpc.method")]
    method: &'a str,
    #[serde(rename = "rpc.response.status_code")]
    code: &'static str,
    #[serde(rename = "portico.rpc.end")]
    end: &'static str,
    duration_ms: f64,
    /// For how long of it the upstream was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_ms: Option<f64>,
    #[serde(rename = "network.peer.address", skip_serializing_if = "Option::is_none")]
    peer: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl AccessLog {
    /// Writes to `lines`.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self(lines)
    }

    /// An RPC has ended.
    pub fn record(&self, ended: &Ended) {
        let Self(lines) = self;
        lines.write(&line(ended, Timestamp::now()));
    }
}

/// The line of `ended`, which was at `time`.
fn line(ended: &Ended, time: Timestamp) -> Vec<u8> {
    let Ended {
        method,
        code,
        elapsed,
        upstream,
        how,
        origin,
    } = ended;
    let Origin {
        peer,
        request_id,
        trace,
    } = origin;
    let line = Line {
        time: format!("{time:.3}"),
        method,
        code: name(*code),
        end: how.name(),
        duration_ms: milliseconds(*elapsed),
        upstream_ms: upstream.map(milliseconds),
        peer: *peer,
        request_id: request_id.as_ref().and_then(|id| id.to_str().ok()),
        trace_id: trace.map(|trace| trace.to_string()),
    };
    let mut line = serde_json::to_vec(&line).expect("texts and finite numbers");
    line.push(b'\n');
    line
}

/// With three decimals.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use opentelemetry::trace::TraceId;
    use tonic::Code;

    use super::super::How;
    use super::*;

    #[test]
    fn a_line_tells_who_called_what_and_how_it_ended() {
        let mut ended = Ended {
            method: "p.S/M".into(),
            code: Code::NotFound,
            elapsed: Duration::from_nanos(12_345_678),
            upstream: Some(Duration::from_millis(11)),
            how: How::Finished,
            origin: Origin {
                peer: Some(IpAddr::from([10, 0, 0, 7])),
                request_id: Some(HeaderValue::from_static("5f1d2a340b1c4d5e8f90a1b2c3d4e5f6")),
                trace: Some(TraceId::from(0xabc_u128)),
            },
        };
        let at = "2026-11-25T21:30:00.1239Z".parse().expect("a time");
        let text = |ended: &Ended| String::from_utf8(line(ended, at)).expect("text");
        assert_eq!(
            text(&ended),
            concat!(
                r#"{"time":"2026-11-25T21:30:00.123Z","rpc.method":"p.S/M","rpc.response.status_code":"NOT_FOUND","#,
                r#""portico.rpc.end":"finished","duration_ms":12.346,"upstream_ms":11.0,"network.peer.address":"10.0.0.7","#,
                r#""request_id":"5f1d2a340b1c4d5e8f90a1b2c3d4e5f6","trace_id":"00000000000000000000000000000abc"}"#,
                "\n"
            )
        );
        (ended.upstream, ended.origin) = (None, Origin::default());
        assert_eq!(
            text(&ended),
            concat!(
                r#"{"time":"2026-11-25T21:30:00.123Z","rpc.method":"p.S/M","rpc.response.status_code":"NOT_FOUND","#,
                r#""portico.rpc.end":"finished","duration_ms":12.346}"#,
                "\n"
            )
        );
    }
}
