//! Identical reads in flight share one call of what is below, which ends when its last caller leaves.
//!
//! ```text
//!   caller ──▶ the same question of the same licence is in flight? ─┬─ no ──▶ a call, for all who will join
//!                                                                   └─ yes ─▶ joins it
//!   change ──▶ starts, ends: what is in flight about its customer is joined by nobody any more
//! ```
//!
//! Who joins has asked after the call was begun, and may hear of what was so between the two. That is no older than what
//! any answer tells that takes its time; but it must not be older than what the same caller has changed meanwhile. So a
//! change, when it starts and when it ends, closes what is in flight about its customer to those who come later.
//!
//! The call is not spawned: whoever of its callers is polled moves it on (ADR 16). Its deadline is the latest of theirs, and
//! each of them waits until their own.

mod flights;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use http::Response;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::{Layer, Service, ServiceExt as _};

use self::flights::{Changing, Flights, Question, Seat};
use super::metrics::Metrics;
use crate::telemetry::UnderWay;
use crate::upstream::{Deadline, Effect, Error, Exchange, Lane};

/// With less time left nothing is asked: no answer could come.
const LEAST: Duration = Duration::from_millis(1);

/// How a call ended, for all of its callers.
type Ended = Result<Response<Bytes>, Arc<Error>>;

/// A call that several wait for.
type Flight = Shared<Pin<Box<dyn Future<Output = Ended> + Send>>>;

/// Makes [`Coalesce`].
#[derive(Clone, Debug)]
pub(super) struct CoalesceLayer {
    flights: Flights<Flight>,
    metrics: Arc<Metrics>,
}

/// Lets identical reads share one call of `inner`. Clones share what is in flight.
#[derive(Clone, Debug)]
pub(super) struct Coalesce<S> {
    inner: S,
    flights: Flights<Flight>,
    metrics: Arc<Metrics>,
}

pin_project! {
    /// The future of [`Coalesce`].
    #[project = ResponseProj]
    pub(super) enum ResponseFuture<F> {
        /// Nobody shares it.
        Alone {
            #[pin]
            inner: F,
            // Of a change: nobody joins what was asked before its end.
            changing: Option<Changing<Flight>>,
        },
        /// One of its callers.
        Together {
            // In this order: whoever gives up the last seat ends the call.
            flight: Flight,
            seat: Option<Seat<Flight>>,
            // Of one who has joined: another's attempts are what is waited for.
            asking: Option<UnderWay>,
            since: Instant,
            #[pin]
            until: Option<Sleep>,
        },
        /// Nobody waits for it.
        Expired,
    }
}

// === impl CoalesceLayer ===

impl CoalesceLayer {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        let flights = Flights::default();
        Self { flights, metrics }
    }
}

impl<S> Layer<S> for CoalesceLayer {
    type Service = Coalesce<S>;

    fn layer(&self, inner: S) -> Coalesce<S> {
        let Self { flights, metrics } = self.clone();
        Coalesce {
            inner,
            flights,
            metrics,
        }
    }
}

// === impl Coalesce ===

impl<S> Service<Exchange> for Coalesce<S>
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let question = Question::of(&exchange);
        match (exchange.effect, question) {
            (Effect::Read, Some(question)) if exchange.lane == Lane::Call => {
                self.together(question, exchange)
            }
            (Effect::Add | Effect::Change, Some(question)) => ResponseFuture::Alone {
                changing: Some(self.flights.change(question)),
                inner: self.inner.call(exchange),
            },
            _ => ResponseFuture::Alone {
                changing: None,
                inner: self.inner.call(exchange),
            },
        }
    }
}

impl<S> Coalesce<S>
where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    fn together(&self, question: Question, exchange: Exchange) -> ResponseFuture<S::Future> {
        let (since, own) = (Instant::now(), exchange.deadline.at());
        if own.is_some_and(|own| own < since + LEAST) {
            return ResponseFuture::Expired;
        }
        let (operation, asking) = (exchange.operation, exchange.asking.clone());
        let mut has_joined = true;
        let begin = || {
            has_joined = false;
            let deadline = Deadline::shared(own);
            let inner = self.inner.clone();
            let exchange = Exchange {
                deadline: deadline.clone(),
                ..exchange
            };
            let call = async move { inner.oneshot(exchange).await.map_err(Arc::new) };
            (call.boxed().shared(), deadline)
        };
        let (flight, seat) = self.flights.join(question, own, begin);
        if has_joined {
            self.metrics.coalesced(operation);
        }
        ResponseFuture::Together {
            flight,
            seat: Some(seat),
            asking: has_joined.then(|| asking.begin()),
            since,
            until: own.map(sleep_until),
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
        match self.project() {
            ResponseProj::Alone { inner, changing } => {
                let answer = ready!(inner.poll(cx));
                changing.take();
                Poll::Ready(answer)
            }
            ResponseProj::Together {
                flight,
                seat,
                asking: _,
                since,
                until,
            } => {
                if let Poll::Ready(ended) = flight.poll_unpin(cx) {
                    if let Some(seat) = seat.take() {
                        seat.end();
                    }
                    return Poll::Ready(ended.map_err(told));
                }
                let Some(until) = until.as_pin_mut() else {
                    return Poll::Pending;
                };
                until.poll(cx).map(|()| {
                    let within = since.elapsed();
                    Err(Error::DeadlinePassed { within })
                })
            }
            ResponseProj::Expired => Poll::Ready(Err(Error::Expired)),
        }
    }
}

/// The error as one of its callers is told it.
fn told(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(Error::Shared)
}

#[cfg(test)]
mod tests;
