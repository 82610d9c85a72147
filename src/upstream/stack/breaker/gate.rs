//! The way to where exchanges wait: closed while the breaker of their licence is open.

use std::future::{Ready, ready};
use std::task::{Context, Poll};

use futures_util::future::Either;
use tower::{Layer, Service};

use super::breakers::Breakers;
use crate::upstream::{Error, Exchange, Lane};

/// Makes [`Gate`].
#[derive(Clone, Debug)]
pub(in crate::upstream::stack) struct GateLayer(pub(in crate::upstream::stack) Breakers);

/// Refuses exchanges that would be refused now, and gives the others no right to be sent.
#[derive(Clone, Debug)]
pub(in crate::upstream::stack) struct Gate<S> {
    inner: S,
    breakers: Breakers,
}

// === impl GateLayer ===

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        let breakers = self.0.clone();
        Gate { inner, breakers }
    }
}

// === impl Gate ===

impl<S: Service<Exchange, Error = Error>> Service<Exchange> for Gate<S> {
    type Response = S::Response;
    type Error = Error;
    type Future = Either<S::Future, Ready<Result<S::Response, Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let open = match exchange.lane {
            // It passes the guard, too.
            Lane::Look => None,
            Lane::Call | Lane::Change | Lane::Poll | Lane::Probe => self.breakers.is_open(&exchange),
        };
        match open {
            Some(open) => Either::Right(ready(Err(open.into()))),
            None => Either::Left(self.inner.call(exchange)),
        }
    }
}
