//! Why an RPC gave no answer.

use crate::status::{Violation, WatchEnd};
use crate::upstream::{self, Kind};

/// Why an RPC gave no answer.
#[derive(Debug)]
pub enum Error {
    /// The request breaks rules; nothing was sent. Never empty.
    Invalid(Vec<Violation>),
    /// The call to the upstream failed.
    Upstream(upstream::Error),
    /// The watch cannot be opened.
    Watch(WatchEnd),
    /// The upstream refuses the query that was to be watched.
    Query(Kind),
}

impl From<upstream::Error> for Error {
    fn from(error: upstream::Error) -> Self {
        Self::Upstream(error)
    }
}
