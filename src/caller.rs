//! Who calls, and on what terms: read from a request once, and handed down with everything that is done for it.

mod deadline;

use std::time::Duration;

use http::HeaderMap;

use crate::telemetry::{AskingTime, TraceContext};
use crate::upstream::{Context, Lane, License};

/// How long a call may take whose caller does not say.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// Who calls, and on what terms the upstream is asked for them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who calls.
    pub identity: Identity,
    /// What goes down to the upstream: the layers below know terms, and nobody's identity.
    pub context: Context,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Callers are not asked who they are.
    Anonymous,
}

/// Makes the caller of a request.
#[derive(Clone, Debug)]
pub struct Callers {
    license: License,
    default_deadline: Duration,
}

/// How long a caller waits who does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as any other call may take: for RPCs that end by themselves.
    Bounded,
    /// For ever: for streams.
    Unbounded,
}

impl Callers {
    /// Makes callers that are all served by the one `license`.
    #[must_use]
    pub fn with(license: License) -> Self {
        Self {
            license,
            default_deadline: DEFAULT_DEADLINE,
        }
    }

    /// The same callers, of whom those who do not say how long they wait are served for so long.
    #[must_use]
    pub fn waiting(self, default_deadline: Duration) -> Self {
        Self {
            default_deadline,
            ..self
        }
    }

    /// The caller of the request with these headers, which has just arrived. What the upstream is asked for it takes the
    /// time of `asking`.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, patience: Patience, asking: AskingTime) -> Caller {
        let default = match patience {
            Patience::Bounded => Some(self.default_deadline),
            Patience::Unbounded => None,
        };
        Caller {
            identity: Identity::Anonymous,
            context: Context {
                license: self.license.clone(),
                deadline: deadline::read(headers, default),
                lane: Lane::Call,
                trace: TraceContext::read(headers),
                asking,
            },
        }
    }
}
