//! The time from the call to the head of the answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::answer;
use super::body::ResponseBody;
use super::rpc::Rpc;

pin_project! {
    /// The future of [`Outcome`](super::Outcome).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // Taken when the answer is there.
        rpc: Option<Rpc>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, rpc: Rpc) -> Self {
        let rpc = Some(rpc);
        Self { inner, rpc }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let rpc = this.rpc.as_mut().expect("not polled after completion");
        let result = ready!(rpc.during(|| this.inner.poll(cx)));
        let mut rpc = this.rpc.take();
        Rpc::settle(&mut rpc, answer::end_in_result(&result));
        Poll::Ready(result.map(|response| response.map(|inner| ResponseBody::new(inner, rpc))))
    }
}
