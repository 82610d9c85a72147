//! Lines of JSON, with the ids of the span that they belong to.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::TraceContext;

/// Writes a JSON object as the inner format does, with `trace_id` and `span_id` if the line is part of a trace that is kept.
#[derive(Debug)]
pub(super) struct Traced<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Self(inner) = self;
        let Some(span) = TraceContext::current() else {
            return inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        inner.format_event(context, Writer::new(&mut line), event)?;
        let members = line.strip_prefix('{').ok_or(fmt::Error)?;
        let (trace, id) = (span.trace_id(), span.span_id());
        write!(writer, r#"{{"trace_id":"{trace}","span_id":"{id}",{members}"#)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::Context;
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
    use serde_json::Value;
    use tracing::warn;
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::telemetry::Written;

    #[test]
    fn a_line_of_a_trace_has_its_ids_and_any_other_has_none() {
        let written = Written::default();
        let layer = fmt::layer()
            .json()
            .map_event_format(Traced)
            .with_writer(written.clone());
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        // Another test's thread may have met the events first, and settled that nobody listens.
        tracing::callsite::rebuild_interest_cache();
        let span = SpanContext::new(
            TraceId::from(0xabc_u128),
            SpanId::from(0xd_u64),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        for context in [Context::new(), Context::new().with_remote_span_context(span)] {
            let _current = context.attach();
            warn!(number = 7, "trouble");
        }
        let text = written.take();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            (&lines[0]["trace_id"], &lines[0]["span_id"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(lines[1]["trace_id"], "00000000000000000000000000000abc");
        assert_eq!(lines[1]["span_id"], "000000000000000d");
        for line in lines {
            assert_eq!(
                (&line["fields"]["number"], &line["level"]),
                (&7.into(), &"WARN".into())
            );
        }
    }
}
