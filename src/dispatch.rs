//! One operation on behalf of a caller: sends it, tells readiness how it went, and logs what failed.
//!
//! Above it are the RPCs, below it the upstream's client. What belongs between the two for one RPC, such as reading back
//! after a change whose answer was lost, has its place here.

mod probe;

use tracing::{debug, warn};

pub use self::probe::watch_upstream;
use crate::caller::Caller;
use crate::lifecycle::{Asked, Readiness};
use crate::telemetry::Chain;
use crate::upstream::{Client, Error, Kind, Operation, Transport};

/// The way to the upstream for RPCs. Clones share it.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    client: Client,
    readiness: Readiness,
}

impl Dispatcher {
    /// Sends through `client`, and tells `readiness` how each call went.
    #[must_use]
    pub fn new(client: Client, readiness: Readiness) -> Self {
        Self { client, readiness }
    }

    /// How operations are carried, which decides what texts they can hold.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.client.transport()
    }

    /// Sends `operation`, once.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    ///
    /// # Cancellation
    ///
    /// As [`Client::call`].
    pub async fn send<O: Operation>(&self, caller: &Caller, operation: O) -> Result<O::Answer, Error> {
        let asked = Asked::now(&self.readiness, operation.customer());
        let answer = asked.wait(self.client.call(&caller.context, &operation)).await;
        if let Err(error) = &answer {
            log(O::NAME, error);
        }
        asked.end(&answer);
        answer
    }
}

/// What the caller can mend is logged at `debug`; the rest concerns the operator.
fn log(operation: &'static str, error: &Error) {
    let kind = error.kind();
    let error_type = kind.error_type();
    match kind {
        Kind::Refused | Kind::NotFound | Kind::AlreadyExists | Kind::Conflict => {
            debug!(operation, error.r#type = error_type, error = %Chain(error), "the upstream refused");
        }
        Kind::Unroutable
        | Kind::Unreachable
        | Kind::Interrupted
        | Kind::NotHttp
        | Kind::Unavailable
        | Kind::Elapsed
        | Kind::Expired
        | Kind::LicenseRejected
        | Kind::NoOperation
        | Kind::RateLimited
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::ColumnMissing
        | Kind::TooLarge
        | Kind::OutcomeUnknown => {
            warn!(operation, error.r#type = error_type, error = %Chain(error), "the call to the upstream failed");
        }
    }
}
