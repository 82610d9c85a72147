//! The time from the head of the answer to its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::answer::end_in_poll;
use super::rpc::Rpc;

pin_project! {
    /// The body of [`Outcome`](super::Outcome)'s answers.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        // Taken when the end is told.
        rpc: Option<Rpc>,
    }
}

impl<B> ResponseBody<B> {
    /// The body of an RPC; without one, the head of the answer has told the end already.
    pub(super) fn new(inner: B, mut rpc: Option<Rpc>) -> Self {
        if let Some(rpc) = &mut rpc {
            rpc.answer();
        }
        Self { inner, rpc }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(rpc) = this.rpc else {
            return this.inner.poll_frame(cx);
        };
        let polled = rpc.during(|| this.inner.as_mut().poll_frame(cx));
        Rpc::settle(this.rpc, end_in_poll(&polled, this.inner.is_end_stream()));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
