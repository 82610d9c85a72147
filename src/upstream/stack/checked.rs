//! Turns a response that is not an answer into an error: by its status, its media type, and whether it has a body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::upstream::{Effect, Error, Exchange, Expects, answer};

/// Makes [`Checked`].
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckedLayer;

/// Lets through the answers of `inner` that are what their exchange expects.
#[derive(Clone, Debug)]
pub(super) struct Checked<S> {
    inner: S,
}

pin_project! {
    /// The future of [`Checked`].
    #[derive(Debug)]
    pub(super) struct ResponseFuture<F> {
        #[pin]
        inner: F,
        expects: Expects,
        effect: Effect,
    }
}

// === impl CheckedLayer ===

impl<S> Layer<S> for CheckedLayer {
    type Service = Checked<S>;

    fn layer(&self, inner: S) -> Checked<S> {
        Checked { inner }
    }
}

// === impl Checked ===

impl<S> Service<Exchange> for Checked<S>
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error>,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let (expects, effect) = (exchange.expects, exchange.effect);
        ResponseFuture {
            inner: self.inner.call(exchange),
            expects,
            effect,
        }
    }
}

// === impl ResponseFuture ===

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<Bytes>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx))?;
        Poll::Ready(match this.expects {
            Expects::Page => Ok(answer),
            Expects::Csv => answer::check(&answer, *this.effect).map(|()| answer),
        })
    }
}
