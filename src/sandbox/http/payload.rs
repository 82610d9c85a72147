//! Response bodies, and how one breaks off.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The connection ends without a response, or in the middle of one. hyper takes this error as a reason to close it.
#[derive(Debug)]
pub(super) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// A response body: one piece, after which it ends or breaks.
#[derive(Debug)]
pub(super) struct Payload {
    piece: Option<Bytes>,
    /// What `Content-Length` says is to come.
    announced: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sound,
    /// Breaks at the poll after the next, so that hyper has written out what it has.
    Flush,
    Break,
}

impl Payload {
    pub(super) fn new(body: Bytes, announced: Option<u64>) -> Self {
        let (announced, end) = match announced {
            Some(announced) => (announced, End::Flush),
            None => (body.len() as u64, End::Sound),
        };
        Self {
            piece: Some(body).filter(|body| !body.is_empty()),
            announced,
            end,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if let Some(piece) = self.piece.take() {
            self.announced = self.announced.saturating_sub(piece.len() as u64);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.end {
            End::Sound => Poll::Ready(None),
            End::Flush => {
                self.end = End::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(Dropped))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_none() && self.end == End::Sound
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
