//! The body of one `ActiveCalls` answer: the frames of a [`Watcher`] as they are, and its end as trailers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use tokio_stream::Stream as _;
use tonic::Status;

use crate::status;
use crate::watch::Watcher;

pin_project! {
    /// The body over a watcher: data as long as there is some, then trailers with the status, once.
    #[derive(Debug)]
    pub(super) struct WatchBody {
        #[pin]
        watcher: Watcher,
        ended: bool,
    }
}

impl WatchBody {
    pub(super) fn new(watcher: Watcher) -> Self {
        Self {
            watcher,
            ended: false,
        }
    }
}

impl Body for WatchBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let status = match ready!(this.watcher.poll_next(cx)) {
            Some(Ok(frame)) => return Poll::Ready(Some(Ok(Frame::data(frame)))),
            Some(Err(end)) => status::of_watch(end),
            None => Status::ok(""),
        };
        *this.ended = true;
        Poll::Ready(Some(Ok(Frame::trailers(to_trailers(&status)))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

fn to_trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(3);
    if status.add_header(&mut trailers).is_err() {
        // Cannot happen: text and details are the gateway's own, of characters that a header can hold.
        trailers.insert("grpc-status", HeaderValue::from_static("13"));
    }
    trailers
}
