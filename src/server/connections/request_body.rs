//! The body of a request: whole in time, or an error.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::status;

/// The body of a request. After the deadline it fails with a status, which services pass on.
#[derive(Debug)]
pub(super) struct RequestBody {
    inner: Incoming,
    deadline: Option<Instant>,
    /// Runs while something is awaited.
    timer: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    /// `inner`, which has to arrive within `limit` if there is one.
    pub(super) fn new(inner: Incoming, limit: Option<Duration>) -> Self {
        Self {
            inner,
            deadline: limit.map(|limit| Instant::now() + limit),
            timer: None,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(status::slow_request().into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
