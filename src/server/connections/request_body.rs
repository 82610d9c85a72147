//! The body of a request: it comes to an end.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::status;

/// How long a request may go on.
#[derive(Clone, Debug)]
pub(super) enum Until {
    /// It has to be whole by then, or fails with a status, which services pass on.
    Deadline(Instant),
    /// For as long as its caller goes on with it. After this much silence, and when the gateway stops, it ends as if the
    /// caller had ended it, and so does the answer.
    Silence(Duration, CancellationToken),
}

/// The body of a request.
pub(super) struct RequestBody {
    inner: Incoming,
    until: Until,
    /// That time. There while something is awaited.
    over: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Until {
    fn over(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self {
            Self::Deadline(deadline) => Box::pin(sleep_until(*deadline)),
            Self::Silence(limit, stop) => {
                let (limit, stop) = (*limit, stop.clone());
                Box::pin(async move { drop(timeout(limit, stop.cancelled()).await) })
            }
        }
    }
}

impl RequestBody {
    pub(super) fn new(inner: Incoming, until: Until) -> Self {
        let over = None;
        Self { inner, until, over }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Self { inner, until, over } = &mut *self;
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(cx) {
            *over = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(over.get_or_insert_with(|| until.over()).as_mut().poll(cx));
        Poll::Ready(match until {
            Until::Deadline(_) => Some(Err(status::slow_request().into())),
            Until::Silence(..) => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
