//! The stack: what every exchange goes through, be it an RPC's, a poll's or the probe's.
//!
//! The innermost service is HTTP ([`super::http`]); a test puts another in its place, and nothing above it.

mod attempt;
pub mod breaker;
mod checked;
mod coalesce;
mod limit;
mod metrics;
pub mod retry;
mod time_limit;
mod window;

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use opentelemetry::metrics::Meter;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use self::attempt::AttemptLayer;
use self::breaker::{Breakers, GateLayer, GuardLayer};
use self::checked::CheckedLayer;
use self::coalesce::CoalesceLayer;
use self::limit::LimitLayer;
use self::metrics::Metrics;
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

/// The stack over `http`, outermost first. What becomes of exchanges is counted by `meter`.
pub(super) fn over<S>(http: S, params: &Params, meter: &Meter) -> Stack
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let Params {
        concurrency,
        retry,
        breaker,
    } = *params;
    let metrics = Arc::new(Metrics::new(meter));
    let breakers = Breakers::new(breaker);
    breakers.show(meter);
    let stack = ServiceBuilder::new()
        // Whoever asks the same waits for the same.
        .layer(CoalesceLayer::new(metrics.clone()))
        // What failed for the moment is tried again from here.
        .layer(retry::layer(retry, metrics.clone(), meter))
        // Nobody waits for a place only to be refused.
        .layer(GateLayer(breakers.clone()))
        // A wait for a place is no part of an attempt.
        .layer(LimitLayer::new(concurrency))
        // Nothing is sent while the breaker is open, however long it has waited; each attempt counts.
        .layer(GuardLayer(breakers))
        // One span and one record per attempt. It is around all that can end one.
        .layer(AttemptLayer(metrics))
        // An attempt has its time limit, but never more time than the caller has left.
        .layer(TimeLimitLayer)
        // Above this layer an answer can be believed: a layer that decides on errors sees those of the status, too.
        .layer(CheckedLayer)
        .service(http);
    BoxCloneSyncService::new(stack)
}

/// An exchange of this lane, for tests of single layers.
#[cfg(test)]
fn exchange(lane: super::Lane) -> Exchange {
    Exchange {
        request: http::Request::default(),
        operation: "ListExtensions",
        template: "GetCustomerExtensions/{License}/{ICustomer}",
        effect: super::Effect::Read,
        lane,
        customer: None,
        expects: super::Expects::Csv,
        license: None,
        time_limit: std::time::Duration::from_secs(30),
        deadline: super::Deadline::default(),
        trace: None,
        asking: crate::telemetry::AskingTime::default(),
        resend_count: 0,
    }
}

#[cfg(test)]
mod tests;
