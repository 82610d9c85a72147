//! The end of an RPC, as a value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::Code;

use super::origin::Origin;

/// How one RPC ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `package.Service/Method`, or `_OTHER` for what is not served.
    pub method: Arc<str>,
    /// What the caller was told. If the caller left, `CANCELLED`; if the RPC failed, what a client makes of that:
    /// `INTERNAL` of a reset stream, `UNKNOWN` of an answer without a status.
    pub code: Code,
    /// From the call to this end.
    pub elapsed: Duration,
    /// For how long of it the upstream was asked; `None` if it was not.
    pub upstream: Option<Duration>,
    /// Who ended it, and where.
    pub how: How,
    /// Where it came from.
    pub origin: Origin,
}

/// Who ended an RPC, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The caller was told a status, good or bad.
    Finished,
    /// The caller left before the answer began. A deadline that the HTTP server enforces and a cut connection look the
    /// same.
    Cancelled,
    /// The caller left while the answer was under way.
    Reset,
    /// The gateway owed a status and gave none: the service or its body failed or panicked, or the body just ended.
    Failed,
}

impl How {
    /// The word for it on spans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Reset => "reset",
            Self::Failed => "failed",
        }
    }
}

/// Who is told of each end.
#[derive(Clone)]
pub(super) struct Observe(Arc<dyn Fn(&Ended) + Send + Sync>);

impl Observe {
    pub(super) fn new(observe: impl Fn(&Ended) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    pub(super) fn tell(&self, ended: &Ended) {
        (self.0)(ended);
    }
}

impl fmt::Debug for Observe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observe").finish_non_exhaustive()
    }
}
