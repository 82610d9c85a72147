//! One operation on behalf of a caller: sends it, tells readiness how it went, and logs what failed.
//!
//! Above it are the RPCs, below it the upstream's client. What belongs between the two for one RPC, such as reading back
//! after a change whose answer was lost, has its place here.

mod change;
mod cut;
mod probe;

use tracing::{debug, warn};

pub use self::change::{Change, Changed, Replacement};
use self::cut::Cut;
pub use self::cut::CutOff;
pub use self::probe::watch_upstream;
use crate::caller::Caller;
use crate::lifecycle::{Asked, Readiness};
use crate::telemetry::Chain;
use crate::upstream::operation::{AddExtension, AddExtensionGetIdentity};
use crate::upstream::{Client, Error, Kind, Operation, Transport};

/// The way to the upstream for RPCs. Clones share it.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    client: Client,
    readiness: Readiness,
    cut: Cut,
}

impl Dispatcher {
    /// Sends through `client`, and tells `readiness` how each call went.
    #[must_use]
    pub fn new(client: Client, readiness: Readiness) -> Self {
        Self {
            client,
            readiness,
            cut: Cut::default(),
        }
    }

    /// How operations are carried, which decides what texts they can hold.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.client.transport()
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

    /// Sends `operation`, once, and has `convert` make of its answer what the caller gets.
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
        let asked = Asked::now(&self.readiness, operation.i_customer());
        let call = self.client.call_for(&caller.context, operation, convert);
        let answer = asked.wait(self.cut.before(O::EFFECT, call)).await;
        if let Err(error) = &answer {
            log(O::NAME, error);
        }
        asked.end(&answer);
        answer
    }
}

impl Dispatcher {
    /// Makes `change`, which is sent at most once.
    ///
    /// # Errors
    ///
    /// As [`Dispatcher::send`].
    pub async fn change(&self, caller: &Caller, change: Change) -> Result<Changed, Error> {
        match change {
            Change::Add(new) => self.send(caller, AddExtension(new), Changed::Record).await,
            Change::AddGetIdentity(new) => {
                self.send(caller, AddExtensionGetIdentity(new), Changed::Record)
                    .await
            }
            Change::Update(replacement) => {
                let i_account = replacement.i_account.unwrap_or_default();
                self.send(caller, replacement.with(i_account), Changed::Record)
                    .await
            }
            Change::Delete(delete) => self.send(caller, delete, |()| Changed::Deleted).await,
        }
    }
}

/// What the caller can mend is logged at `debug`, and what a stop cuts off, which is told as a number; the rest concerns
/// the operator.
fn log(operation: &'static str, error: &Error) {
    let kind = error.kind();
    let error_type = kind.error_type();
    match kind {
        Kind::Refused | Kind::NotFound | Kind::AlreadyExists | Kind::Conflict => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the upstream refused");
        }
        Kind::ShuttingDown => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the call was cut off");
        }
        Kind::Unroutable
        | Kind::Unreachable
        | Kind::Interrupted
        | Kind::NotHttp
        | Kind::Unavailable
        | Kind::Elapsed
        | Kind::Expired
        | Kind::DeadlinePassed
        | Kind::BreakerOpen
        | Kind::AttemptsExhausted
        | Kind::RetryBudgetSpent
        | Kind::LicenseRejected
        | Kind::NoOperation
        | Kind::RateLimited
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::ColumnMissing
        | Kind::WrongCustomer
        | Kind::WrongRecord
        | Kind::TooLarge
        | Kind::NoRoom
        | Kind::OutcomeUnknown => {
            warn!(operation, error.r#type = error_type, error = %Chain(error), "the call to the upstream failed");
        }
    }
}
