//! Bounds how many exchanges are under way for callers, so that an upstream that slows down meets no more than it can
//! bear. Others wait, no longer than their callers.
//!
//! Polls wait for their turns elsewhere, and the probe is alone: neither waits here, so that calls that hang take nothing
//! from those who watch.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service, ServiceExt as _};

use crate::upstream::{Deadline, Error, Exchange, Lane};

/// Makes [`Limit`].
#[derive(Clone, Debug)]
pub(super) struct LimitLayer {
    // First come, first served.
    places: Arc<Semaphore>,
}

/// Lets so many exchanges for callers through to `inner` at one time. Clones share the places.
#[derive(Clone, Debug)]
pub(super) struct Limit<S> {
    inner: S,
    places: Arc<Semaphore>,
}

pin_project! {
    /// The future of [`Limit`].
    #[project = ResponseProj]
    pub(super) enum ResponseFuture<F, T> {
        /// It has its place, or needs none.
        Placed {
            #[pin]
            inner: F,
            place: Option<OwnedSemaphorePermit>,
        },
        /// It waits. This is rare: only then it costs an allocation.
        Waiting {
            waiting: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>,
        },
    }
}

// === impl LimitLayer ===

impl LimitLayer {
    pub(super) fn new(concurrency: usize) -> Self {
        let places = Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)));
        Self { places }
    }
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limit<S>;

    fn layer(&self, inner: S) -> Limit<S> {
        let places = self.places.clone();
        Limit { inner, places }
    }
}

// === impl Limit ===

impl<S> Service<Exchange> for Limit<S>
where
    S: Service<Exchange, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future, S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let place = match exchange.lane {
            Lane::Call | Lane::Change | Lane::Look => self.places.clone().try_acquire_owned().map(Some),
            Lane::Poll | Lane::Probe => Ok(None),
        };
        if let Ok(place) = place {
            let inner = self.inner.call(exchange);
            return ResponseFuture::Placed { inner, place };
        }
        let (inner, places) = (self.inner.clone(), self.places.clone());
        let waiting = Box::pin(async move {
            let _place = place_before(places, &exchange.deadline)
                .await
                .ok_or(Error::Expired)?;
            inner.oneshot(exchange).await
        });
        ResponseFuture::Waiting { waiting }
    }
}

/// Waits for a place, until the deadline at most; it may be put off meanwhile.
async fn place_before(places: Arc<Semaphore>, deadline: &Deadline) -> Option<OwnedSemaphorePermit> {
    let mut place = pin!(places.acquire_owned());
    while let Some(at) = deadline.at() {
        match timeout_at(at, &mut place).await {
            Ok(place) => return place.ok(),
            Err(_) if deadline.at().is_some_and(|at| at <= Instant::now()) => return None,
            Err(_) => {}
        }
    }
    place.await.ok()
}

// === impl ResponseFuture ===

impl<F, T> Future for ResponseFuture<F, T>
where
    F: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ResponseProj::Placed { inner, place } => {
                let answer = inner.poll(cx);
                if answer.is_ready() {
                    // Not when its caller gets round to dropping it.
                    place.take();
                }
                answer
            }
            ResponseProj::Waiting { waiting } => waiting.as_mut().poll(cx),
        }
    }
}

#[cfg(test)]
mod tests;
