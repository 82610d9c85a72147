//! Ends an attempt that takes longer than its limit, or longer than its caller waits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower::{Layer, Service};

use crate::upstream::{Error, Exchange};

/// Makes [`TimeLimit`].
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimitLayer;

/// Ends each exchange of `inner` when its time is up.
#[derive(Clone, Debug)]
pub(super) struct TimeLimit<S> {
    inner: S,
}

pin_project! {
    /// The future of [`TimeLimit`].
    #[derive(Debug)]
    pub(super) struct ResponseFuture<F> {
        // None for an exchange that nobody waits for: it is not sent.
        #[pin]
        inner: Option<F>,
        within: Duration,
        #[pin]
        elapsed: Sleep,
    }
}

// === impl TimeLimitLayer ===

impl<S> Layer<S> for TimeLimitLayer {
    type Service = TimeLimit<S>;

    fn layer(&self, inner: S) -> TimeLimit<S> {
        TimeLimit { inner }
    }
}

// === impl TimeLimit ===

impl<S: Service<Exchange, Error = Error>> Service<Exchange> for TimeLimit<S> {
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let left = exchange
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let within = left.map_or(exchange.time_limit, |left| left.min(exchange.time_limit));
        let is_expired = left.is_some_and(|left| left.is_zero());
        ResponseFuture {
            inner: (!is_expired).then(|| self.inner.call(exchange)),
            within,
            elapsed: sleep(within),
        }
    }
}

// === impl ResponseFuture ===

impl<F, T> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(Err(Error::Expired));
        };
        // An answer that is there wins, even if the time has run out meanwhile.
        if let Poll::Ready(answer) = inner.poll(cx) {
            return Poll::Ready(answer);
        }
        let within = *this.within;
        this.elapsed.poll(cx).map(|()| Err(Error::Elapsed { within }))
    }
}
