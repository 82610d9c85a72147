//! The answer of an admitted RPC, for as long as it is in flight.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::admitted::Admitted;

pin_project! {
    /// The body of [`Admission`](super::Admission)'s answers.
    #[derive(Debug)]
    pub struct AnswerBody<B> {
        #[pin]
        inner: B,
        // None for an RPC that takes no place.
        admitted: Option<Admitted>,
        // Whether something of it has been handed over: then it can no longer be shed.
        has_begun: bool,
        is_shed: bool,
    }
}

impl<B> AnswerBody<B> {
    pub(super) fn new(inner: B, admitted: Option<Admitted>) -> Self {
        Self {
            inner,
            admitted,
            has_begun: false,
            is_shed: false,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if *this.is_shed {
            return Poll::Ready(None);
        }
        let frame = ready!(this.inner.poll_frame(cx));
        let Some(admitted) = this.admitted else {
            return Poll::Ready(frame);
        };
        let data = match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => data,
            Some(Ok(Err(end))) => return Poll::Ready(Some(Ok(end))),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        let has_begun = std::mem::replace(this.has_begun, true);
        let kept = admitted.keep(data, has_begun);
        *this.is_shed = kept.is_err();
        Poll::Ready(Some(Ok(kept.map_or_else(Frame::trailers, Frame::data))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_shed || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.admitted {
            None => self.inner.size_hint(),
            // It may be shed.
            Some(_) => SizeHint::new(),
        }
    }
}
