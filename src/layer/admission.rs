//! Bounds what is in flight: how many RPCs, and how many bytes of their answers wait to be read.
//!
//! ```text
//!   RPC ──▶ a place? ─┬─ no ──▶ shed, at once
//!                     └─ yes ─▶ answered ──▶ room for a large answer? ─┬─ no ──▶ shed, nothing of it is sent
//!                                                                      └─ yes ─▶ read, or given up
//! ```
//!
//! An RPC is in flight until its answer is read to its end, or given up: callers that do not read hold places. A large
//! answer has room until the last of its bytes is let go, wherever it waits. What is shed ends as any other RPC does, below
//! the layers that tell of ends.

mod admitted;
mod body;
mod metrics;
mod room;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use opentelemetry::metrics::Meter;
use pin_project_lite::pin_project;
use tokio::sync::Semaphore;
use tonic::Status;
use tower::{Layer, Service};

use self::admitted::Admitted;
pub use self::admitted::Terms;
pub use self::body::AnswerBody;
use self::metrics::{Metrics, Shed};
use self::room::Room;

/// Settings of admission.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// How many RPCs there may be at one time.
    pub max_in_flight: usize,
    /// How many bytes of large answers may wait to be read. One always may, however large it is.
    pub max_unread: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            max_in_flight: 4096,
            max_unread: 128 * 1024 * 1024,
        }
    }
}

/// Makes [`Admission`].
#[derive(Clone, Debug)]
pub struct AdmissionLayer(Shared);

/// Admits RPCs to `inner`. Clones share the places and the room.
#[derive(Clone, Debug)]
pub struct Admission<S> {
    inner: S,
    shared: Shared,
}

#[derive(Clone, Debug)]
struct Shared {
    places: Arc<Semaphore>,
    room: Arc<Room>,
    /// On what terms the RPC of this path is admitted.
    terms: fn(&str) -> Terms,
    /// What those are told for whom there is no place or room.
    shed: fn() -> Status,
    metrics: Metrics,
}

pin_project! {
    /// The future of [`Admission`].
    #[project = ResponseProj]
    #[allow(missing_docs, reason = "what it goes through concerns nobody")]
    pub enum ResponseFuture<F> {
        /// It goes on.
        Going {
            #[pin]
            inner: F,
            admitted: Option<Admitted>,
        },
        /// It has ended already.
        Shed { shed: fn() -> Status },
    }
}

// === impl AdmissionLayer ===

impl AdmissionLayer {
    /// Admits RPCs by these settings, on the `terms` of their paths; tells `shed` to those that are not admitted, which
    /// `meter` counts.
    #[must_use]
    pub fn new(params: Params, terms: fn(&str) -> Terms, shed: fn() -> Status, meter: &Meter) -> Self {
        let Params {
            max_in_flight,
            max_unread,
        } = params;
        let max_in_flight = max_in_flight.min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(max_in_flight));
        metrics::show_in_flight(places.clone(), max_in_flight, meter);
        Self(Shared {
            places,
            room: Arc::new(Room::of(max_unread)),
            terms,
            shed,
            metrics: Metrics::new(meter),
        })
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admission<S>;

    fn layer(&self, inner: S) -> Admission<S> {
        let Self(shared) = self;
        Admission {
            inner,
            shared: shared.clone(),
        }
    }
}

// === impl Admission ===

impl<S, Q, B> Service<Request<Q>> for Admission<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes> + Default,
{
    type Response = Response<AnswerBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let Shared {
            places,
            room,
            terms,
            shed,
            metrics,
        } = &self.shared;
        let shed = *shed;
        let terms = terms(request.uri().path());
        let admitted = match terms {
            Terms::Free => None,
            Terms::Read | Terms::Change => {
                let Ok(place) = places.clone().try_acquire_owned() else {
                    metrics.shed(Shed::InFlight);
                    return ResponseFuture::Shed { shed };
                };
                Some(Admitted::new(place, room.clone(), terms, shed, metrics.clone()))
            }
        };
        let inner = self.inner.call(request);
        ResponseFuture::Going { inner, admitted }
    }
}

// === impl ResponseFuture ===

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes> + Default,
{
    type Output = Result<Response<AnswerBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project() {
            ResponseProj::Going { inner, admitted } => {
                let answer = ready!(inner.poll(cx));
                let admitted = admitted.take();
                answer.map(|answer| answer.map(|body| AnswerBody::new(body, admitted)))
            }
            ResponseProj::Shed { shed } => {
                let answer = shed().into_http::<B>();
                Ok(answer.map(|body| AnswerBody::new(body, None)))
            }
        })
    }
}

#[cfg(test)]
mod tests;
