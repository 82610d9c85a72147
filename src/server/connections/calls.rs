//! The service as a connection sees it: counts calls, bounds requests, watches answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use h2::Reason;
use http_body::Body;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _, util::Oneshot};

use super::activity::{Activity, Call};
use super::answer_body::AnswerBody;
use super::request_body::{RequestBody, Until};
use crate::layer::outcome::Peer;
use crate::service::ArriveBy;

/// The service of one connection.
#[derive(Debug)]
pub(super) struct Calls<S> {
    pub(super) inner: S,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: Peer,
    /// How long a request may take to arrive.
    pub(super) limit: Duration,
    /// Of which paths requests may go on for as long as their caller likes.
    pub(super) is_conversation: fn(&str) -> bool,
    /// For how long those may be silent.
    pub(super) silence: Duration,
    /// When those end at the latest.
    pub(super) stop: CancellationToken,
}

pin_project! {
    /// The answer to one call.
    #[project = AnsweringProj]
    pub(super) enum Answering<F> {
        /// The service has it.
        Called { #[pin] inner: F, call: Option<Call> },
        /// It came after the end was announced.
        Refused,
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Calls<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes>,
{
    type Response = Response<AnswerBody<B>>;
    type Error = h2::Error;
    type Future = Answering<Oneshot<S, Request<tonic::body::Body>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let Some(call) = self.activity.begin() else {
            return Answering::Refused;
        };
        request.extensions_mut().insert(self.peer);
        let until = if (self.is_conversation)(request.uri().path()) {
            Until::Silence(self.silence, self.stop.clone())
        } else {
            let by = Instant::now() + self.limit;
            request.extensions_mut().insert(ArriveBy(by));
            Until::Deadline(by)
        };
        let request = request.map(|body| tonic::body::Body::new(RequestBody::new(body, until)));
        Answering::Called {
            inner: self.inner.clone().oneshot(request),
            call: Some(call),
        }
    }
}

impl<F, B> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<AnswerBody<B>>, h2::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnsweringProj::Called { inner, call } => {
                let Ok(response) = ready!(inner.poll(cx));
                let call = call.take().expect("not polled after completion");
                Poll::Ready(Ok(response.map(|body| AnswerBody::new(body, call))))
            }
            // Tells the peer that nothing was done, so that it may try elsewhere.
            AnsweringProj::Refused => Poll::Ready(Err(Reason::REFUSED_STREAM.into())),
        }
    }
}
