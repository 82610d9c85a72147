//! On what terms the upstream is asked: by which licence, until when, for whom, as part of which trace.

use tokio::time::Instant;

use super::{Lane, License};
use crate::telemetry::{AskingTime, TraceContext};

/// What an exchange takes from whoever it is made for.
#[derive(Clone, Debug)]
pub struct Context {
    /// The licence that goes with the request.
    pub license: License,
    /// From when on nobody waits for the answer.
    pub deadline: Option<Instant>,
    /// For whom.
    pub lane: Lane,
    /// The trace that the exchange is part of.
    pub trace: Option<TraceContext>,
    /// Whose time it takes to ask the upstream.
    pub asking: AskingTime,
}

impl Context {
    /// The terms of what the gateway asks by itself, such as a poll: no caller waits, no trace goes on.
    #[must_use]
    pub fn of_gateway(license: License, lane: Lane) -> Self {
        Self {
            license,
            deadline: None,
            lane,
            trace: None,
            asking: AskingTime::default(),
        }
    }
}
