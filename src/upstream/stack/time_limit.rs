//! Ends an attempt that takes longer than its limit, or longer than its caller waits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower::{Layer, Service};

use crate::upstream::{Deadline, Error, Exchange};

/// With less time left nothing is sent: no answer could come.
const LEAST: Duration = Duration::from_millis(1);

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
        started: Instant,
        limit: Duration,
        deadline: Deadline,
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
        let (started, limit, deadline) = (Instant::now(), exchange.time_limit, exchange.deadline.clone());
        let left = deadline.left(started);
        let is_expired = left.is_some_and(|left| left < LEAST);
        ResponseFuture {
            inner: (!is_expired).then(|| self.inner.call(exchange)),
            started,
            limit,
            deadline,
            elapsed: sleep(left.map_or(limit, |left| left.min(limit))),
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
        let mut this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(Err(Error::Expired));
        };
        // An answer that is there wins, even if the time has run out meanwhile.
        if let Poll::Ready(answer) = inner.poll(cx) {
            return Poll::Ready(answer);
        }
        while this.elapsed.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let within = now.duration_since(*this.started);
            if within >= *this.limit {
                return Poll::Ready(Err(Error::Elapsed { within: *this.limit }));
            }
            let left = this.deadline.left(now).unwrap_or(Duration::MAX);
            if left.is_zero() {
                return Poll::Ready(Err(Error::DeadlinePassed { within }));
            }
            // The deadline has been put off meanwhile.
            let rest = left.min(this.limit.saturating_sub(within));
            this.elapsed.as_mut().reset(now + rest);
        }
        Poll::Pending
    }
}
