//! On what terms the upstream is asked: by which licence, until when, as part of which trace.

use tokio::time::Instant;

use super::{License, TraceContext};

/// What an exchange takes from whoever it is made for.
#[derive(Clone, Debug)]
pub struct Context {
    /// The licence that goes with the request.
    pub license: License,
    /// From when on nobody waits for the answer.
    pub deadline: Option<Instant>,
    /// Whether the answer to a read may be shared.
    pub sharing: Sharing,
    /// The trace that the exchange is part of.
    pub trace: Option<TraceContext>,
}

/// Whether an answer may be shared with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// It may be the answer to the same question of another caller who is still waiting for it.
    #[default]
    WithOthers,
    /// The upstream is asked anew: what is concluded from the answer depends on what was done before it was asked.
    Alone,
}

impl Context {
    /// The terms of what the gateway asks by itself, such as a poll: no caller waits, no trace goes on.
    #[must_use]
    pub fn of_gateway(license: License) -> Self {
        Self {
            license,
            deadline: None,
            sharing: Sharing::WithOthers,
            trace: None,
        }
    }
}
