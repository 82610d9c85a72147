//! Answers calls of methods that no service has, on whatever path, with one status.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::layer::outcome::Methods;
use crate::status;

/// Makes [`Known`].
#[derive(Clone, Debug)]
pub(super) struct KnownLayer {
    methods: Methods,
}

/// Lets through the calls of known methods to `inner`.
#[derive(Clone, Debug)]
pub(super) struct Known<S> {
    inner: S,
    methods: Methods,
}

pin_project! {
    /// The future of [`Known`].
    #[derive(Debug)]
    pub(super) struct ResponseFuture<F> {
        // None for a method that is not known.
        #[pin]
        inner: Option<F>,
    }
}

// === impl KnownLayer ===

impl KnownLayer {
    pub(super) fn new(methods: Methods) -> Self {
        Self { methods }
    }
}

impl<S> Layer<S> for KnownLayer {
    type Service = Known<S>;

    fn layer(&self, inner: S) -> Known<S> {
        Known {
            inner,
            methods: self.methods.clone(),
        }
    }
}

// === impl Known ===

impl<S, Q, B> Service<Request<Q>> for Known<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Default,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let is_known = self.methods.has(request.uri().path());
        ResponseFuture {
            inner: is_known.then(|| self.inner.call(request)),
        }
    }
}

// === impl ResponseFuture ===

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().inner.as_pin_mut() {
            Some(inner) => inner.poll(cx),
            None => Poll::Ready(Ok(status::unknown_method().into_http())),
        }
    }
}
