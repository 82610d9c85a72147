//! The last traces of a process as a page, for who has no collector.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

/// How many spans are kept.
const SPANS: usize = 512;

/// The last spans that have ended. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<VecDeque<SpanData>>>);

/// The spans of one trace.
struct Trace<'a>(Vec<&'a SpanData>);

impl Recent {
    /// The traces, the one that has ended last first, each as a tree of its spans.
    #[must_use]
    pub fn page(&self) -> String {
        // Whoever ends a span does not wait for the page.
        let spans = self.lock().clone();
        let mut ids: Vec<TraceId> = Vec::new();
        for span in spans.iter().rev() {
            let id = span.span_context.trace_id();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut page = format!("The last traces, of at most {SPANS} spans; the newest first.\n");
        for id in ids {
            let of_trace = |span: &&SpanData| span.span_context.trace_id() == id;
            let mut spans: Vec<_> = spans.iter().filter(of_trace).collect();
            spans.sort_by_key(|span| span.start_time);
            // Writing to a text does not fail.
            let _ = write!(page, "\n{id}\n{}", Trace(spans));
        }
        page
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Recent {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let mut spans = self.lock();
        if spans.len() == SPANS {
            spans.pop_front();
        }
        spans.push_back(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

// === impl Trace ===

impl Trace<'_> {
    /// Writes those whose parent is `parent`, and below each those that it is the parent of.
    fn write_below(&self, parent: Option<SpanId>, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(spans) = self;
        for span in spans.iter().filter(|span| self.parent(span) == parent) {
            let indent = 2 * depth + 2;
            let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
            let start = start(span.start_time);
            writeln!(f, "{:indent$}{start}  {:>10.2?}  {}", "", took, span.name)?;
            write!(f, "{:indent$}   ", "")?;
            for attribute in &span.attributes {
                write!(f, " {}={}", attribute.key, attribute.value)?;
            }
            writeln!(f)?;
            self.write_below(Some(span.span_context.span_id()), depth + 1, f)?;
        }
        Ok(())
    }

    /// The span among these that is its parent.
    fn parent(&self, span: &SpanData) -> Option<SpanId> {
        let Self(spans) = self;
        let parent = span.parent_span_id;
        let is_here = spans.iter().any(|span| span.span_context.span_id() == parent);
        is_here.then_some(parent)
    }
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_below(None, 0, f)
    }
}

/// To the millisecond.
fn start(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    /// A span that began so many microseconds after the epoch and took one.
    fn span(trace: u128, id: u64, parent: u64, start: u64) -> SpanData {
        let start_time = SystemTime::UNIX_EPOCH + Duration::from_micros(start);
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(trace),
                SpanId::from(id),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: format!("span {id}").into(),
            start_time,
            end_time: start_time + Duration::from_micros(1),
            attributes: vec![KeyValue::new("number", i64::try_from(id).expect("small"))],
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn a_trace_is_a_tree_in_the_order_of_time_and_the_last_one_is_first() {
        let recent = Recent::default();
        // A child ends before its parent. The parent of the first is the caller's, which is not here.
        for span in [
            span(1, 12, 11, 3),
            span(1, 13, 11, 2),
            span(2, 21, 0, 9),
            span(1, 11, 99, 1),
        ] {
            recent.on_end(span);
        }
        let at = "1970-01-01T00:00:00.000Z      1.00µs";
        let [one, two] = [1_u128, 2].map(TraceId::from);
        assert_eq!(
            recent.page(),
            format!(
                "The last traces, of at most 512 spans; the newest first.\n\
                 \n{one}\n  {at}  span 11\n      number=11\n    {at}  span 13\n        number=13\n    {at}  span 12\n        number=12\n\
                 \n{two}\n  {at}  span 21\n      number=21\n"
            )
        );
    }

    #[test]
    fn only_the_last_spans_are_kept() {
        let recent = Recent::default();
        for id in 1..=600 {
            recent.on_end(span(id.into(), id, 0, id));
        }
        let page = recent.page();
        assert_eq!(page.matches("span ").count(), SPANS);
        assert!(page.contains("span 600\n") && page.contains("span 89\n") && !page.contains("span 88\n"));
    }
}
