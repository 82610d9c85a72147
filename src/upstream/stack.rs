//! The stack: what every exchange goes through, be it an RPC's, a poll's or the probe's.
//!
//! The innermost service is HTTP ([`super::http`]); a test puts another in its place, and nothing above it.

mod attempt;
pub mod breaker;
mod checked;
pub mod retry;
mod time_limit;

use bytes::Bytes;
use http::Response;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use self::attempt::AttemptLayer;
use self::checked::CheckedLayer;
use self::time_limit::TimeLimitLayer;
use super::{Error, Exchange};

/// Settings of the stack.
#[derive(Clone, Debug)]
pub struct Params {
    /// How many exchanges for callers may be under way at one time. Others wait, as long as their deadlines allow.
    pub concurrency: usize,
    /// What is tried again.
    pub retry: retry::Params,
    /// When the upstream is left alone.
    pub breaker: breaker::Params,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            concurrency: 256,
            retry: retry::Params::default(),
            breaker: breaker::Params::default(),
        }
    }
}

/// The whole stack. Clones share what the innermost service shares.
pub(super) type Stack = BoxCloneSyncService<Exchange, Response<Bytes>, Error>;

/// The stack over `http`, outermost first.
pub(super) fn over<S>(http: S, _params: &Params) -> Stack
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
