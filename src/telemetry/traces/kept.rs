//! Which spans are made for the traces: decided before they are, so that a trace that is not kept costs nearly nothing.
//!
//! ```text
//!   of another program, or no span ─────────────────────▶ no
//!   a root: an RPC, a poll, the probe ── by sampling ───▶ yes or no
//!   any other ── is it inside of one that is kept? ─────▶ yes or no
//! ```
//!
//! A filter of a layer hides spans from it, and the registry makes them all the same: it asks each filter, and heeds none.
//! So there is a layer around all others that turns away what neither the traces nor the log want.

use std::cell::Cell;

use opentelemetry::trace::TraceId;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Span, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::sampling::Sampling;
use crate::telemetry::TraceContext;

thread_local! {
    /// The root that is being made on this thread.
    static ROOT: Cell<Option<Root>> = const { Cell::new(None) };
}

/// What is known of the trace of a root.
#[derive(Clone, Copy, Debug)]
enum Root {
    /// It has no caller.
    New,
    /// Its caller's trace, and whether that is kept there.
    Called(TraceId, bool),
    /// Whether it is kept.
    Decided(bool),
}

/// Lets the spans through that are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept(pub(super) Sampling);

/// Turns away what neither the traces want nor the log, which tells of nothing beyond `log`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) sampling: Sampling,
    pub(super) log: LevelFilter,
}

/// The span that `make` makes, as the root of what the gateway tells of a trace: its caller's, if there is one. Other spans are
/// parts of the one that they are made in.
pub fn root(caller: Option<&TraceContext>, make: impl FnOnce() -> Span) -> Span {
    let remote = caller.and_then(TraceContext::remote);
    let root = remote.as_ref().map_or(Root::New, |remote| {
        Root::Called(remote.trace_id(), remote.is_sampled())
    });
    ROOT.set(Some(root));
    let span = make();
    ROOT.set(None);
    if let Some(remote) = remote
        && !span.is_disabled()
    {
        TraceContext::adopt(&span, remote);
    }
    span
}

/// Whether the root that is being made on this thread is kept; `None` if there is none. Whoever asks is told the same.
fn is_kept(sampling: Sampling) -> Option<bool> {
    let is_kept = match ROOT.get()? {
        Root::New => sampling.keeps_new(),
        Root::Called(trace, is_kept_there) => sampling.keeps(trace, is_kept_there),
        Root::Decided(is_kept) => is_kept,
    };
    ROOT.set(Some(Root::Decided(is_kept)));
    Some(is_kept)
}

fn is_own(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with(env!("CARGO_PKG_NAME"))
}

impl<S> Filter<S> for Kept
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_own(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    /// What is less important is turned away before anybody is asked, that of dependencies too.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        let Self(sampling) = self;
        is_own(metadata) && is_kept(*sampling).unwrap_or_else(|| context.lookup_current().is_some())
    }
}

impl<S> Layer<S> for Wanted
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() <= self.log {
            Interest::always()
        } else if is_own(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    /// It is the others who say.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        // What is beyond the log is only there if it is kept.
        let is_inside = || context.lookup_current().is_some();
        *metadata.level() <= self.log || is_own(metadata) && is_kept(self.sampling).unwrap_or_else(is_inside)
    }
}
