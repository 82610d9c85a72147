//! The body of an answer: in pieces, each noted when it is handed out, taken and written.
//!
//! The server asks for a frame when the last one has found room in the window of its stream, and sends the whole frame
//! then. So with small pieces little of an answer is out of reach when its peer stops reading: the rest is still here, and
//! is dropped when the stream is reset. A piece is a frame of HTTP/2 at most; larger ones would be cut into such frames
//! anyway.
//!
//! An answer that has ended can no longer be reset, while its last piece may still wait in the connection. A few may. If
//! there are many, the peer does not read: then an answer ends only when its pieces are written.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::activity::Call;
use super::piece::Piece;
use crate::lifecycle::Stream;
use crate::lifecycle::stream::PIECE;

pin_project! {
    /// The body of an answer, for as long as its call is in flight.
    #[derive(Debug)]
    pub(super) struct AnswerBody<B> {
        #[pin]
        inner: B,
        // What is left of the last frame.
        rest: Bytes,
        // Trailers that wait for the pieces before them. That is rare, and they are large.
        end: Option<Box<Frame<Piece>>>,
        taken: Taken,
        call: Call,
    }
}

/// Tells the stream that nothing waits to be taken, at the latest when dropped: the stream may go on with another answer.
#[derive(Debug)]
struct Taken(Option<Stream>);

impl<B> AnswerBody<B> {
    /// To be made by the task that answers.
    pub(super) fn new(inner: B, call: Call) -> Self {
        Self {
            inner,
            rest: Bytes::new(),
            end: None,
            taken: Taken(Stream::current()),
            call,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for AnswerBody<B> {
    type Data = Piece;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, B::Error>>> {
        let this = self.project();
        this.taken.tell();
        if this.end.is_some() {
            ready!(this.taken.poll_written(this.call));
            return Poll::Ready(this.end.take().map(|end| Ok(*end)));
        }
        let mut is_cut = true;
        if this.rest.is_empty() {
            match ready!(this.inner.poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => {
                    is_cut = data.len() > PIECE;
                    *this.rest = data;
                }
                Some(Ok(Err(end))) => {
                    let end = end.map_data(Piece::unnoted);
                    if this.taken.poll_written(this.call).is_pending() {
                        *this.end = Some(Box::new(end));
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Ok(end)));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // An end without trailers. Bodies say it again when they are asked again.
                None => return this.taken.poll_written(this.call).map(|()| None),
            }
        }
        let mut piece = this.rest.split_to(PIECE.min(this.rest.len()));
        if is_cut && this.rest.is_empty() {
            // So that a large frame is not kept for the last of its bytes.
            piece = Bytes::copy_from_slice(&piece);
        }
        let Taken(stream) = &*this.taken;
        let piece = Piece::new(piece, stream.clone(), this.call.connection().clone());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() && self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper().and_then(|upper| upper.checked_add(rest)) {
            hint.set_upper(upper);
        }
        hint.set_lower(inner.lower().saturating_add(rest));
        hint
    }
}

impl Taken {
    fn tell(&self) {
        if let Self(Some(stream)) = self {
            stream.taken();
        }
    }

    /// Ready when the answer may end: at once, unless its connection has much to write.
    fn poll_written(&self, call: &Call) -> Poll<()> {
        match self {
            Self(Some(stream)) if call.connection().is_clogged() && !stream.is_written() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.tell();
    }
}
