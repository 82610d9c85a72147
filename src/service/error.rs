//! Why an RPC gave no answer.

use crate::{upstream, watch};

/// Why an RPC gave no answer.
#[derive(Debug)]
pub enum Error {
    /// The request breaks rules; nothing was sent. Never empty.
    Invalid(Vec<Violation>),
    /// The call to the upstream failed.
    Upstream(upstream::Error),
    /// The watch cannot be opened.
    Watch(watch::End),
}

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `product_ids[1]`.
    pub field: String,
    /// What it must be. Never repeats the value.
    pub description: String,
}

impl From<upstream::Error> for Error {
    fn from(error: upstream::Error) -> Self {
        Self::Upstream(error)
    }
}
