//! The bytes of a connection: notes what it is judged by, and fails when its peer does not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::activity::Activity;

/// How a connection over HTTP/2 begins. What does not begin so is HTTP/1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes of a connection.
#[derive(Debug)]
pub(super) struct Io<T> {
    inner: T,
    activity: Arc<Activity>,
    /// What may still come of the preface. `None` when the protocol is known.
    preface: Option<&'static [u8]>,
    /// How long the peer may read nothing.
    patience: Duration,
    /// Runs while there is no room for what is to be written.
    unread: Option<Pin<Box<Sleep>>>,
}

impl<T> Io<T> {
    pub(super) fn new(inner: T, activity: Arc<Activity>, patience: Duration) -> Self {
        Self {
            inner,
            activity,
            preface: Some(PREFACE),
            patience,
            unread: None,
        }
    }

    /// Notes whether it is known by now which protocol the peer speaks.
    fn look(&mut self, read: &[u8]) {
        let Some(preface) = self.preface else {
            return;
        };
        self.preface = preface.strip_prefix(read).filter(|rest| !rest.is_empty());
        if self.preface.is_none() {
            self.activity.greeted();
        }
    }

    /// `polled`, or an error if that has been pending for too long.
    fn in_time<V>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<V>>) -> Poll<io::Result<V>> {
        if polled.is_ready() {
            return polled;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        let elapsed = unread.as_mut().poll(cx);
        elapsed.map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }

    /// The same of a write: what was written has found room.
    fn written(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if polled.is_ready() {
            self.unread = None;
            self.activity.wrote();
        }
        self.in_time(cx, polled)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Io<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.look(&buf.filled()[before..]);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Io<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.written(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.in_time(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.in_time(cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::server::connections::activity::Leave;

    const PATIENCE: Duration = Duration::from_secs(60);
    const SOON: Duration = Duration::from_secs(1);

    /// How a connection whose peer says this is judged.
    async fn judged(said: &[u8]) -> Leave {
        let (mut peer, io) = duplex(64);
        let activity = Arc::new(Activity::new());
        let mut io = Io::new(io, activity.clone(), PATIENCE);
        // Byte by byte: however it is cut.
        for byte in said {
            peer.write_u8(*byte).await.expect("room");
            io.read_u8().await.expect("a byte");
        }
        activity.useless(SOON, SOON).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_has_greeted_when_its_protocol_is_known() {
        for (said, leave) in [
            (&b""[..], Leave::Silent),
            (b"P", Leave::Silent),
            (&PREFACE[..23], Leave::Silent),
            (PREFACE, Leave::Idle),
            (b"G", Leave::Idle),
            (b"PO", Leave::Idle),
            (b"PRI * HTTP/1", Leave::Idle),
        ] {
            assert_eq!(judged(said).await, leave, "{said:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_finds_no_room_fails_in_the_end() {
        let (mut peer, io) = duplex(4);
        let mut io = Io::new(io, Arc::new(Activity::new()), PATIENCE);
        io.write_all(b"1234").await.expect("room");
        let error = io.write_all(b"5").await.expect_err("there is no room");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        peer.read_u8().await.expect("a byte");
        io.write_all(b"5").await.expect("room");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_now_and_then_has_the_whole_time_again() {
        let (mut peer, io) = duplex(1);
        let mut io = Io::new(io, Arc::new(Activity::new()), PATIENCE);
        let reads = async {
            for _ in 0..5 {
                tokio::time::sleep(9 * PATIENCE / 10).await;
                peer.read_u8().await.expect("a byte");
            }
        };
        let (written, ()) = tokio::join!(io.write_all(b"12345"), reads);
        written.expect("there was room in time");
    }
}
