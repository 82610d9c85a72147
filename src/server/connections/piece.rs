//! A piece of an answer, for as long as its connection holds it.

use std::io::IoSlice;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::activity::Activity;
use crate::lifecycle::Stream;

/// Bytes of an answer that tell when they are written, or given up.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    _held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    stream: Option<Stream>,
    connection: Arc<Activity>,
}

impl Piece {
    /// A piece of `stream` that goes out on `connection`.
    pub(super) fn new(bytes: Bytes, stream: Option<Stream>, connection: Arc<Activity>) -> Self {
        connection.enqueue();
        if let Some(stream) = &stream {
            stream.hand_out();
        }
        Self {
            bytes,
            _held: Some(Held { stream, connection }),
        }
    }

    /// Bytes that nobody counts.
    pub(super) fn unnoted(bytes: Bytes) -> Self {
        Self { bytes, _held: None }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, dst: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(dst)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.connection.dequeue();
        if let Some(stream) = &self.stream {
            stream.let_go();
        }
    }
}
