//! Where a feed's polls go: the one seam between the watch and the outside.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::upstream::operation::ListActiveCalls;
use crate::upstream::{Client, Context, Error, License};

/// A poll under way.
pub type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + 'a>>;

/// Asks a feed's query and gives the answer's body, undecoded.
///
/// The upstream's [`Client`] is one. A test has another, so that whole histories run in paused time: a paused clock
/// leaps ahead while a socket is waited for, so nothing that is below this can be on a socket.
pub trait Source: Debug + Send + Sync + 'static {
    /// Asks `query`, once, for at most `timeout`. The body is one that may be an answer.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the poll.
    fn fetch<'a>(&'a self, query: &'a ListActiveCalls, timeout: Duration) -> Fetch<'a>;
}

impl Source for (Client, License) {
    fn fetch<'a>(&'a self, query: &'a ListActiveCalls, timeout: Duration) -> Fetch<'a> {
        let _ = timeout;
        Box::pin(async move { self.0.poll(&Context::of_gateway(self.1.clone()), query).await })
    }
}
