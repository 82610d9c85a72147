//! W3C Trace Context: in from a caller's metadata, out to the upstream.
//!
//! Only headers in the form of the recommendation are taken: an id of hexadecimal digits, and a list of visible
//! characters. Nothing else of a caller travels outside of the operation's members, and it names no route and no member.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is passed on, in characters: the recommendation asks everybody to pass on so many.
const MAX_STATE: usize = 512;

/// The trace that something is part of, and the span that is its parent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    parent: HeaderValue,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// The trace that `headers` tell of; `None` if they tell of none, or not in the form of the recommendation.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().filter(|parent| is_parent(parent.as_bytes()))?;
        // Of two it is not known which is meant, so neither is taken.
        if parents.next().is_some() {
            return None;
        }
        let state = headers.get(TRACESTATE).filter(|state| {
            let bytes = state.as_bytes();
            !bytes.is_empty() && bytes.len() <= MAX_STATE && bytes.iter().all(|b| matches!(b, b' '..=b'~'))
        });
        Some(Self {
            parent: parent.clone(),
            state: state.cloned(),
        })
    }

    /// The trace that `span` is part of, with it as the parent of what follows, and the state that `caller` told of it; `None`
    /// if it is part of none, as when no traces are kept.
    #[must_use]
    pub fn of(span: &Span, caller: Option<&Self>) -> Option<Self> {
        let context = span.context();
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return None;
        }
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        let parent = format!("00-{trace}-{id}-{flags:02x}");
        Some(Self {
            parent: parent.try_into().ok()?,
            state: caller.and_then(|caller| caller.state.clone()),
        })
    }

    /// Makes `span` a part of the trace of `caller`, if traces are kept. It must not have been entered.
    pub(super) fn adopt(span: &Span, caller: SpanContext) {
        // Without anybody who keeps traces there is nothing to be made a part of.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }

    /// The id of the trace.
    #[must_use]
    pub fn trace(&self) -> Option<TraceId> {
        self.remote().map(|span| span.trace_id())
    }

    /// The span that is entered on this thread, if it is kept.
    pub(crate) fn current() -> Option<SpanContext> {
        let context = Context::current();
        let span = context.span().span_context().clone();
        Some(span).filter(SpanContext::is_valid)
    }

    /// The span of the caller, without the state that it told: a text of others, which goes on to the upstream and nowhere else.
    pub(super) fn remote(&self) -> Option<SpanContext> {
        let parent = self.parent.to_str().ok()?;
        let mut fields = parent.split('-').skip(1);
        let trace = TraceId::from_hex(fields.next()?).ok()?;
        let span = SpanId::from_hex(fields.next()?).ok()?;
        let flags = TraceFlags::new(u8::from_str_radix(fields.next()?, 16).ok()?);
        let flags = flags & TraceFlags::SAMPLED;
        Some(SpanContext::new(trace, span, flags, true, TraceState::NONE))
    }

    /// Puts the trace into the headers of a request.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.parent.clone());
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }
}

/// Whether `text` is `00-{32 hex}-{16 hex}-{2 hex}` with ids that are not all zeros: version 00, the one there is.
fn is_parent(text: &[u8]) -> bool {
    let fields: Vec<_> = text.split(|byte| *byte == b'-').collect();
    let [version, trace, span, flags] = *fields else {
        return false;
    };
    let hex = |field: &[u8], len| {
        field.len() == len && field.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let id = |field: &[u8], len| hex(field, len) && field.iter().any(|byte| *byte != b'0');
    version == b"00" && id(trace, 32) && id(span, 16) && hex(flags, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(headers: &[(&'static str, &str)]) -> Option<TraceContext> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header"));
        }
        TraceContext::read(&map)
    }

    #[test]
    fn a_trace_goes_out_as_it_came_in() {
        let trace = read(&[("traceparent", PARENT), ("tracestate", "a=1,b=2")]).expect("a trace");
        let mut headers = HeaderMap::new();
        trace.write(&mut headers);
        assert_eq!(headers[TRACEPARENT], PARENT);
        assert_eq!(headers[TRACESTATE], "a=1,b=2");
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for odd in [
            "",
            "00",
            &PARENT[1..],
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "01", 1),
            &format!("{PARENT}-x"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(read(&[("traceparent", odd)]), None, "{odd}");
        }
        assert_eq!(read(&[("tracestate", "a=1")]), None);
        assert_eq!(read(&[("traceparent", PARENT), ("traceparent", PARENT)]), None);
    }

    #[test]
    fn an_odd_state_is_left_out_and_the_trace_is_kept() {
        for odd in ["", &"x".repeat(513), "a=\u{e9}"] {
            let trace = read(&[("traceparent", PARENT), ("tracestate", odd)]).expect("a trace");
            assert_eq!(trace.state, None, "{odd}");
        }
    }
}
