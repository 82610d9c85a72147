//! Who calls, and on what terms: read from a request once, and handed down with everything that is done for it.

mod deadline;

use http::HeaderMap;

use crate::upstream::{Context, License, TraceContext};

/// Who calls, and on what terms the upstream is asked for them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who calls.
    pub identity: Identity,
    /// What goes down to the upstream: the layers below know terms, and nobody's identity.
    pub context: Context,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Callers are not asked who they are.
    Anonymous,
}

/// Makes the caller of a request.
#[derive(Clone, Debug)]
pub struct Callers {
    license: License,
}

impl Callers {
    /// Makes callers that are all served by the one `license`.
    #[must_use]
    pub fn with(license: License) -> Self {
        Self { license }
    }

    /// The caller of the request with these headers, which has just arrived.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap) -> Caller {
        Caller {
            identity: Identity::Anonymous,
            context: Context {
                license: self.license.clone(),
                deadline: deadline::read(headers),
                trace: TraceContext::read(headers),
            },
        }
    }
}
