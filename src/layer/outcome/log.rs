//! The log of RPCs: a span around each, and a line at its end, both at level `debug`.

use tonic::Code;
use tracing::field::Empty;
use tracing::{Span, debug, debug_span};

use super::code::name;
use super::ended::{Ended, How};
use crate::telemetry::names::{attribute, label};

/// The span of an RPC; `previous_attempts` is how many its caller's retry policy has made before it.
pub(super) fn span(method: &str, previous_attempts: Option<u32>) -> Span {
    debug_span!(
        "rpc",
        { attribute::KIND } = "server",
        { attribute::NAME } = method,
        { attribute::RPC_SYSTEM } = "grpc",
        { label::RPC_METHOD } = method,
        { attribute::PREVIOUS_ATTEMPTS } = previous_attempts.map(i64::from),
        { label::RPC_STATUS } = Empty,
        { label::ERROR_TYPE } = Empty,
        { attribute::STATUS } = Empty,
        { attribute::RPC_END } = Empty,
        { attribute::WATCH_EVENTS } = Empty,
        { attribute::WATCH_ENDED } = Empty,
    )
}

/// Writes down that an RPC ended, in its span: an observer for [`OutcomeLayer`](super::OutcomeLayer).
pub fn log(ended: &Ended) {
    let Ended {
        // The span has it.
        method: _,
        code,
        elapsed,
        upstream: _,
        how,
        origin: _,
    } = ended;
    let (failed, code) = (is_failure(*code), name(*code));
    let what = match how {
        How::Finished => "the RPC ended",
        How::Cancelled => "the caller left before the answer",
        How::Reset => "the caller left before the end",
        How::Failed => "the RPC ended without a status",
    };
    let span = Span::current();
    span.record(label::RPC_STATUS, code);
    span.record(attribute::RPC_END, how.name());
    if failed {
        span.record(label::ERROR_TYPE, code);
        span.record(attribute::STATUS, "error");
    }
    debug!(
        rpc.response.status_code = code,
        elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "{what}",
    );
}

/// Whether the code tells of a failure of the gateway or what is behind it, by OpenTelemetry's conventions for servers.
fn is_failure(code: Code) -> bool {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::super::Origin;
    use super::*;
    use crate::telemetry::Written;

    /// What is logged of this end.
    fn logged(how: How, code: Code) -> String {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(written.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            // Another test's thread may have met the events first, and settled that nobody listens.
            tracing::callsite::rebuild_interest_cache();
            let ended = Ended {
                method: "p.S/M".into(),
                code,
                elapsed: Duration::from_micros(1_234_567),
                upstream: None,
                how,
                origin: Origin::default(),
            };
            span(&ended.method, Some(2)).in_scope(|| log(&ended));
        });
        written.take()
    }

    #[test]
    fn each_end_is_one_line_in_the_span_of_its_rpc() {
        for (how, code, name, what) in [
            (How::Finished, Code::NotFound, "NOT_FOUND", "the RPC ended"),
            (
                How::Cancelled,
                Code::Cancelled,
                "CANCELLED",
                "the caller left before the answer",
            ),
            (
                How::Reset,
                Code::Cancelled,
                "CANCELLED",
                "the caller left before the end",
            ),
            (
                How::Failed,
                Code::Internal,
                "INTERNAL",
                "the RPC ended without a status",
            ),
        ] {
            let span = format!(
                "rpc{{otel.kind=\"server\" otel.name=\"p.S/M\" rpc.system.name=\"grpc\" rpc.method=\"p.S/M\" \
                 grpc.previous_rpc_attempts=2 rpc.response.status_code=\"{name}\" portico.rpc.end=\"{}\"{}}}",
                how.name(),
                if is_failure(code) {
                    " error.type=\"INTERNAL\" otel.status_code=\"error\""
                } else {
                    ""
                },
            );
            assert_eq!(
                logged(how, code),
                format!("DEBUG {span}: {what} rpc.response.status_code=\"{name}\" elapsed_us=1234567\n"),
            );
        }
    }
}
