//! A request refused by the service: its status, the two texts that a v3 host can tell, and the form of the body.

use std::borrow::Cow;

/// An exception of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: Cow<'static, str>,
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    /// A refusal that was given only a message, which v3 then sends as the code too.
    pub(super) fn titled(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self {
            status,
            code: message.clone(),
            message,
        }
    }
}

/// What the body of a service error looks like: a v3 host is built one way or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// A legal answer with every column at its default: only the status tells.
    Row,
    /// A table `ResponseStatus` with a code and a message.
    Table,
}
