//! The HTTP stream that a task answers, and the way to end it from outside.
//!
//! A body ends a stream by itself only when it is polled, and it is polled only while its peer reads. So each stream is
//! answered inside an [`Answer`], which drops the work when [`Stream::reset`] is called, whoever calls it, or when the peer
//! has left what it was handed unread for too long. HTTP/2 then resets the stream and forgets what was still to be sent.
//! Over HTTP/1 the connection is the stream.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use atomic_waker::AtomicWaker;
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tokio::time::{Instant, Sleep, sleep};
use tracing::debug;

/// An answer goes out in pieces of at most so many bytes: how its reader gets on is seen by the pieces that are taken. What is
/// shared between answers is best made of no larger ones: a larger one is cut, and its last part copied.
pub const PIECE: usize = 20 * 1024;

tokio::task_local! {
    static CURRENT: Stream;
}

/// A connection of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(u64);

/// The HTTP stream that a task answers. Clones are the same stream.
#[derive(Clone, Debug)]
pub struct Stream(Arc<Shared>);

/// One allocation for each RPC: it is kept small.
#[derive(Debug)]
struct Shared {
    connection: ConnectionId,
    /// The task that answers.
    task: AtomicWaker,
    reset: AtomicBool,
    /// Whether the peer has still to take the last piece of the body.
    unread: AtomicBool,
    /// Pieces that were handed out and are still held by the connection.
    held: AtomicU32,
    /// Whether the task that answers wants to know when there are none.
    waits: AtomicBool,
    /// How many pieces of the body were handed out, so that a new one is told from an old one.
    pieces: AtomicU32,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself.
    Done,
    /// The stream was [reset](Stream::reset).
    Reset,
    /// The peer did not read.
    Unread,
}

pin_project! {
    /// What [`Stream::answer`] gives. The task is dropped with it, and so soon after its end.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Answer<F> {
        stream: Stream,
        patience: Duration,
        // There only while a piece waits to be taken: most answers never have one, and an idle watcher is to cost next to
        // nothing.
        unread: Option<Unread>,
        #[pin]
        task: TaskLocalFuture<Stream, F>,
    }
}

/// A piece that has not been taken, and for how long that may still be so.
#[derive(Debug)]
struct Unread {
    piece: u32,
    timer: Pin<Box<Sleep>>,
}

// === impl ConnectionId ===

impl ConnectionId {
    /// The id of a connection that has just been made.
    #[must_use]
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

// === impl Stream ===

impl Stream {
    /// A stream of this connection.
    #[must_use]
    pub fn new(connection: ConnectionId) -> Self {
        Self(Arc::new(Shared {
            connection,
            task: AtomicWaker::new(),
            reset: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            held: AtomicU32::new(0),
            waits: AtomicBool::new(false),
            pieces: AtomicU32::new(0),
        }))
    }

    /// The stream that the present task answers. There is none outside of the server, as in tests.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// The connection that the stream is of.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        self.0.connection
    }

    /// Resets the stream, whether or not its peer reads. What it had still to send is dropped.
    pub fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
        self.0.task.wake();
    }

    /// `task` as the answer of this stream. It is dropped when the stream is reset, and when its peer has not taken for
    /// `patience` what it was [handed](Self::hand_out).
    pub fn answer<F: Future<Output = ()>>(self, patience: Duration, task: F) -> Answer<F> {
        Answer {
            task: CURRENT.scope(self.clone(), task),
            stream: self,
            patience,
            unread: None,
        }
    }

    /// A piece of the answer's body goes out. To be called from the task that answers.
    pub fn hand_out(&self) {
        self.0.pieces.fetch_add(1, Ordering::Relaxed);
        self.0.held.fetch_add(1, Ordering::Relaxed);
        self.0.unread.store(true, Ordering::Relaxed);
    }

    /// The connection has let go of a piece: it is written, or given up. From any task.
    pub fn let_go(&self) {
        // Whoever comes second of the two sees the other: see below.
        if self.0.held.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.waits.load(Ordering::SeqCst) {
            self.0.task.wake();
        }
    }

    /// Whether the connection has let go of all pieces. If not, the last one counts as not taken, and the task that answers is
    /// woken when they are. To be called from that task.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.0.waits.store(true, Ordering::SeqCst);
        let is_written = self.0.held.load(Ordering::SeqCst) == 0;
        self.0.unread.store(!is_written, Ordering::Relaxed);
        is_written
    }

    /// More of the body is asked for, or the body is no longer wanted: what was handed out has found room. To be called
    /// from the task that answers.
    pub fn taken(&self) {
        self.0.unread.store(false, Ordering::Relaxed);
    }

    /// The number of the piece that has still to be taken.
    fn unread_piece(&self) -> Option<u32> {
        let unread = self.0.unread.load(Ordering::Relaxed);
        unread.then(|| self.0.pieces.load(Ordering::Relaxed))
    }

    fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Acquire)
    }
}

// === impl Answer ===

impl<F: Future<Output = ()>> Future for Answer<F> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.project();
        // Listen first and look then, so that nothing falls in between.
        this.stream.0.task.register(cx.waker());
        if this.stream.is_reset() {
            debug!(reason = "reset", "a stream is ended");
            return Poll::Ready(Outcome::Reset);
        }
        if this.task.poll(cx).is_ready() {
            return Poll::Ready(Outcome::Done);
        }
        let Some(piece) = this.stream.unread_piece() else {
            *this.unread = None;
            return Poll::Pending;
        };
        let unread = this.unread.get_or_insert_with(|| Unread {
            piece,
            timer: Box::pin(sleep(*this.patience)),
        });
        if unread.piece != piece {
            unread.piece = piece;
            unread.timer.as_mut().reset(Instant::now() + *this.patience);
        }
        ready!(unread.timer.as_mut().poll(cx));
        debug!(reason = "unread", "a stream is ended");
        Poll::Ready(Outcome::Unread)
    }
}

#[cfg(test)]
mod tests;
