//! The way to the upstream: closed while the breaker of a licence is open. Whatever passes it counts, as it ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::breakers::{Admitted, Breakers};
use super::state::Open;
use crate::upstream::{Error, Exchange, Lane};

/// Makes [`Guard`].
#[derive(Clone, Debug)]
pub(in crate::upstream::stack) struct GuardLayer(pub(in crate::upstream::stack) Breakers);

/// Lets exchanges through to `inner` while the breaker of their licence lets it. Clones share the breakers.
#[derive(Clone, Debug)]
pub(in crate::upstream::stack) struct Guard<S> {
    inner: S,
    breakers: Breakers,
}

pin_project! {
    /// The future of [`Guard`].
    #[project = ResponseProj]
    #[derive(Debug)]
    pub(in crate::upstream::stack) enum ResponseFuture<F> {
        /// It was let through; `None` if no breaker had a say.
        Sent {
            #[pin]
            inner: F,
            admitted: Option<Admitted>,
        },
        /// Not yet told that it was not.
        Refused { open: Open },
    }
}

// === impl GuardLayer ===

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        let breakers = self.0.clone();
        Guard { inner, breakers }
    }
}

// === impl Guard ===

impl<S: Service<Exchange, Error = Error>> Service<Exchange> for Guard<S> {
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let admitted = match self.breakers.admit(&exchange) {
            Ok(admitted) => admitted,
            // The change is sent already: it must not become unknown because others fail.
            Err(_) if exchange.lane == Lane::Look => None,
            Err(open) => return ResponseFuture::Refused { open },
        };
        let inner = self.inner.call(exchange);
        ResponseFuture::Sent { inner, admitted }
    }
}

// === impl ResponseFuture ===

impl<F, T> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ResponseProj::Sent { inner, admitted } => {
                let answer = ready!(inner.poll(cx));
                if let Some(admitted) = admitted.take() {
                    admitted.end(answer.as_ref().err());
                }
                Poll::Ready(answer)
            }
            ResponseProj::Refused { open } => Poll::Ready(Err((*open).into())),
        }
    }
}
