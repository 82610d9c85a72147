//! One operation on behalf of a caller: sends it, tells readiness how it went, and logs what failed.
//!
//! ```text
//!   read, Reply ──────────────────────────────────────────▶ sent, until the cut
//!   change ──▶ its place ──▶ list before ──▶ a task: sent once, and looked for if the answer is lost
//! ```
//!
//! Above it are the RPCs, below it the upstream's client.

mod asking;
mod change;
mod changes;
mod claim;
mod cut;
mod deduplicated;
mod failed_read;
mod log;
mod looks;
mod metrics;
mod order;
mod places;
mod probe;
mod requests;
#[cfg(test)]
mod tests;
mod told;

use opentelemetry::metrics::Meter;

use self::asking::Asking;
pub use self::change::{Change, Changed, Replacement};
use self::changes::Changes;
use self::cut::Cut;
pub use self::cut::CutOff;
use self::deduplicated::Deduplicated;
use self::metrics::Metrics;
pub use self::probe::watch_upstream;
pub use self::requests::{RefusedId, RequestId};
use crate::caller::Caller;
use crate::lifecycle::Readiness;
use crate::upstream::{Client, Error, Operation, Transport};

/// The way to the upstream for RPCs. Clones share it.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    asking: Asking,
    changes: Changes,
    deduplicated: Deduplicated,
    cut: Cut,
}

impl Dispatcher {
    /// Sends through `client`, and tells `readiness` how each call went. How changes end is counted by `meter`.
    #[must_use]
    pub fn new(client: Client, readiness: Readiness, meter: &Meter) -> Self {
        let (asking, cut) = (Asking::new(client, readiness), Cut::default());
        let changes = Changes::new(asking.clone(), cut.clone(), Metrics::new(meter));
        Self {
            deduplicated: Deduplicated::new(changes.clone()),
            changes,
            asking,
            cut,
        }
    }

    /// How operations are carried, which decides what texts they can hold.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.asking.transport()
    }

    /// Ends the waiting for the upstream: calls in flight are answered now, and those to come are not sent.
    pub fn cut(&self) {
        self.cut.make();
    }

    /// How many calls were in flight when the waiting ended.
    #[must_use]
    pub fn cut_off(&self) -> CutOff {
        self.cut.so_far()
    }

    /// Completes when no change is in flight, those included whose callers have left. No more may be made.
    pub async fn changes_ended(&self) {
        self.changes.ended().await;
    }

    /// Sends `operation`, once, and has `convert` make of its answer what the caller gets. What changes the extensions is
    /// for [`Dispatcher::change`], as far as it is known to.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]. After [`Dispatcher::cut`] [`Error::ShuttingDown`] if nothing was sent, else [`Error::CutOff`],
    /// which is [`Error::OutcomeUnknown`] for a change.
    ///
    /// # Cancellation
    ///
    /// As [`Client::call`].
    pub async fn send<O, T, F>(&self, caller: &Caller, operation: O, convert: F) -> Result<T, Error>
    where
        O: Operation,
        T: Send + 'static,
        F: FnOnce(O::Answer) -> T + Send + 'static,
    {
        let asked = self.asking.ask(&caller.context, operation, convert);
        let answer = self.cut.before(O::EFFECT, asked).await;
        if let Err(error) = &answer {
            log::failed(O::NAME, error);
        }
        answer
    }

    /// Makes `change`, when no other change of the same customer is being made. It is sent at most once, and if the answer is
    /// lost, looked for in the list of extensions until the caller's deadline.
    ///
    /// # Errors
    ///
    /// [`Error::OutcomeUnknown`] if it was sent and is not known to have happened. With any other error it did not happen:
    /// nothing was sent, or the upstream refused.
    ///
    /// # Cancellation
    ///
    /// Before the change is sent, nothing is. From then on it is finished for nobody, until the caller's deadline.
    pub async fn change(&self, caller: &Caller, change: Change) -> Result<Changed, Error> {
        self.changes.make(caller, change).await
    }

    /// Makes `change` as [`Dispatcher::change`] does, but once for all who ask for it by this id. While it is being made they
    /// wait for it; afterwards they are told how it ended, for ten minutes. If that is unknown, it is looked for once more. If
    /// nothing was sent, it is made.
    ///
    /// # Errors
    ///
    /// As [`Dispatcher::change`]. [`RefusedId`] if the id is another change's, or the caller has too many; nothing is sent then.
    ///
    /// # Cancellation
    ///
    /// The change is made for nobody, until the caller's deadline.
    pub async fn change_once(
        &self,
        caller: &Caller,
        change: Change,
        id: RequestId,
    ) -> Result<Result<Changed, Error>, RefusedId> {
        self.deduplicated.make(caller, change, id).await
    }
}
