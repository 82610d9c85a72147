//! One exchange with the upstream as a value: all that the stack needs to know of it, and nothing that does IO.

use std::fmt;
use std::time::Duration;

use super::value::Id;
use super::{Deadline, Effect, Lane, License};
use crate::telemetry::{AskingTime, TraceContext};
use bytes::Bytes;
use http::Request;

/// What is sent, what it does there, and for how long an answer is wanted.
///
/// A clone can be sent again: that is what a retry is made of. `Debug` shows no URL, as that may hold the
/// licence, and no customer.
#[derive(Clone)]
pub struct Exchange {
    /// The request, written for its transport. The URL or the body holds the licence.
    pub request: Request<Bytes>,
    /// What is sent, as spans and logs name it: the name of the RPC, or of what the gateway asks by itself.
    pub operation: &'static str,
    /// The request's URL without its values.
    pub template: &'static str,
    /// What it does at the upstream.
    pub effect: Effect,
    /// For whom it is made.
    pub lane: Lane,
    /// The customer that it is about, if it is about one.
    pub customer: Option<Id>,
    /// What counts as an answer.
    pub expects: Expects,
    /// The licence that it is made with, if it needs one.
    pub license: Option<License>,
    /// The limit of one attempt, from its start to the last byte of the answer.
    pub time_limit: Duration,
    /// From when on nobody waits for the answer.
    pub deadline: Deadline,
    /// The trace that it is part of.
    pub trace: Option<TraceContext>,
    /// Whose time its attempts take.
    pub asking: AskingTime,
    /// How many times it was sent before.
    pub resend_count: u32,
}

/// What counts as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// 200 with CSV.
    Csv,
    /// The published page. Whatever is HTTP is let through, for the page to be looked for in it.
    Page,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            request,
            operation,
            template,
            effect,
            lane,
            // Not told: it is in no log.
            customer: _,
            expects,
            license,
            time_limit,
            deadline,
            trace,
            asking: _,
            resend_count,
        } = self;
        f.debug_struct("Exchange")
            .field("method", request.method())
            .field("operation", operation)
            .field("template", template)
            .field("effect", effect)
            .field("lane", lane)
            .field("expects", expects)
            .field("license", license)
            .field("time_limit", time_limit)
            .field("deadline", deadline)
            .field("trace", trace)
            .field("resend_count", resend_count)
            .finish_non_exhaustive()
    }
}
