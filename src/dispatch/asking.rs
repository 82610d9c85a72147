//! One exchange of an operation, of which readiness hears.

use crate::lifecycle::{Asked, Readiness};
use crate::upstream::{Client, Context, Error, Operation, Transport};

/// Asks the upstream, and tells readiness how each exchange went. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    client: Client,
    readiness: Readiness,
}

impl Asking {
    pub(super) fn new(client: Client, readiness: Readiness) -> Self {
        Self { client, readiness }
    }

    pub(super) fn transport(&self) -> Transport {
        self.client.transport()
    }

    /// Asks for `operation`, and has `convert` make of its answer what is wanted.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    ///
    /// # Cancellation
    ///
    /// As [`Client::call`].
    pub(super) async fn ask<O, T, F>(&self, context: &Context, operation: O, convert: F) -> Result<T, Error>
    where
        O: Operation,
        T: Send + 'static,
        F: FnOnce(O::Answer) -> T + Send + 'static,
    {
        let asked = Asked::now(&self.readiness, operation.i_customer());
        let answer = asked
            .wait(self.client.call_for(context, operation, convert))
            .await;
        asked.end(&answer);
        answer
    }
}
