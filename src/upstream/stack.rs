//! The stack: what every exchange goes through, be it an RPC's, a poll's or the probe's.
//!
//! The innermost service is HTTP ([`super::http`]); a test puts another in its place, and nothing above it.

mod attempt;
mod checked;
mod time_limit;

use bytes::Bytes;
use http::Response;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use self::attempt::AttemptLayer;
use self::checked::CheckedLayer;
use self::time_limit::TimeLimitLayer;
use super::{Error, Exchange};

/// The whole stack. Clones share what the innermost service shares.
pub(super) type Stack = BoxCloneSyncService<Exchange, Response<Bytes>, Error>;

/// The stack over `http`, outermost first.
pub(super) fn over<S>(http: S) -> Stack
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let stack = ServiceBuilder::new()
        // One span per attempt. It is around all that can end one.
        .layer(AttemptLayer)
        // An attempt has its time limit, but never more time than the caller has left.
        .layer(TimeLimitLayer)
        // Above this layer an answer can be believed: a layer that decides on errors sees those of the status, too.
        .layer(CheckedLayer)
        .service(http);
    BoxCloneSyncService::new(stack)
}

#[cfg(test)]
mod tests;
