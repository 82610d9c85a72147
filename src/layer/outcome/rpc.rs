//! An RPC under way: what its end will say.

use std::mem;
use std::sync::Arc;

use tokio::time::Instant;
use tonic::Code;
use tracing::Span;

use super::ended::{Ended, How, Observe};
use super::origin::Origin;
use crate::telemetry::{AskingTime, TraceContext};

/// One RPC under way.
///
/// Its end is told when this is dropped, and nowhere else. So it is told exactly once, whoever ends the RPC.
#[derive(Debug)]
pub(super) struct Rpc {
    method: Arc<str>,
    origin: Origin,
    started: Instant,
    asking: AskingTime,
    span: Span,
    observe: Observe,
    /// The end that is told if this is dropped now.
    end: End,
}

/// The part of an end that depends on what is seen of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    how: How,
    code: Code,
}

// === impl Rpc ===

impl Rpc {
    /// An RPC from `origin` begins, in `span`; for it the upstream will be asked in `asking`.
    pub(super) fn begin(
        method: Arc<str>,
        origin: Origin,
        span: Span,
        asking: AskingTime,
        observe: Observe,
    ) -> Self {
        Self {
            method,
            origin,
            span,
            started: Instant::now(),
            asking,
            observe,
            end: End::left(How::Cancelled),
        }
    }

    /// Runs `work`, a part of the RPC. If the RPC is dropped in the meantime, `work` has panicked: that is a failure.
    pub(super) fn during<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let end = mem::replace(&mut self.end, End::failed(Code::Internal));
        let result = self.span.in_scope(work);
        self.end = end;
        result
    }

    /// The answer begins.
    pub(super) fn answer(&mut self) {
        self.end = End::left(How::Reset);
    }

    /// If there is an end, takes the RPC and ends it.
    pub(super) fn settle(rpc: &mut Option<Self>, end: Option<End>) {
        if let Some(end) = end
            && let Some(mut rpc) = rpc.take()
        {
            rpc.end = end;
        }
    }
}

impl Drop for Rpc {
    fn drop(&mut self) {
        let End { how, code } = self.end;
        let mut ended = Ended {
            method: Arc::clone(&self.method),
            code,
            elapsed: self.started.elapsed(),
            upstream: self.asking.so_far(),
            how,
            origin: mem::take(&mut self.origin),
        };
        self.span.in_scope(|| {
            let own = || TraceContext::current().map(|span| span.trace_id());
            ended.origin.trace = ended.origin.trace.or_else(own);
            self.observe.tell(&ended);
        });
    }
}

// === impl End ===

impl End {
    /// The caller was told this code.
    pub(super) fn finished(code: Code) -> Self {
        let how = How::Finished;
        Self { how, code }
    }

    /// The gateway told no status. A client makes this code of it.
    pub(super) fn failed(code: Code) -> Self {
        let how = How::Failed;
        Self { how, code }
    }

    fn left(how: How) -> Self {
        let code = Code::Cancelled;
        Self { how, code }
    }
}
