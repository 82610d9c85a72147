//! Accepting: never fails, never spins.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use super::descriptors::SPARE;
use super::notice::Notice;

/// From the first failure to the next try, and the most.
const MIN_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// What becomes of a connection when the process has run out of descriptors, of which one is kept to
/// spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum WhenExhausted {
    /// It is closed at once, so that its peer need not wait.
    Close,
    /// It is served, one at a time: operators are let in when nobody else is.
    Serve,
}

/// A listener whose failures are waited out.
#[derive(Debug)]
pub(super) struct Acceptor {
    listener: TcpListener,
    name: &'static str,
    when_exhausted: WhenExhausted,
    failed: Notice,
    /// What the next pause is, and the end of the present one: a call that is dropped in a pause does not cut it short.
    pause: Duration,
    paused_until: Option<Instant>,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, name: &'static str, when_exhausted: WhenExhausted) -> Self {
        Self {
            listener,
            name,
            when_exhausted,
            failed: Notice::default(),
            pause: MIN_PAUSE,
            paused_until: None,
        }
    }

    /// The next connection.
    ///
    /// # Cancellation
    ///
    /// Safe: no connection is lost.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Some(until) = self.paused_until {
                // Over early if the connection that had the spare descriptor has ended.
                let _ = timeout_at(until, SPARE.back()).await;
                self.paused_until = None;
            }
            SPARE.refill();
            match self.listener.accept().await {
                // It has the last descriptor, which is to be the spare one.
                Ok(last) if !SPARE.refill() && self.when_exhausted == WhenExhausted::Close => drop(last),
                Ok((socket, peer)) => {
                    self.pause = MIN_PAUSE;
                    return (prepared(socket), peer);
                }
                Err(error) if is_of_connection(&error) => {
                    debug!(%error, "a connection broke before it was accepted");
                }
                Err(error) => {
                    if let Some(accepted) = self.after(error).await {
                        return accepted;
                    }
                }
            }
        }
    }

    /// What follows a failure: a connection that is served all the same, or the next try, after a pause if there is no other
    /// way.
    async fn after(&mut self, error: io::Error) -> Option<(TcpStream, SocketAddr)> {
        // The system looks for a descriptor first, and only then whether anybody waits.
        let accepted = match self.accept_with_spare().await {
            Poll::Pending => return None,
            Poll::Ready(accepted) => accepted,
        };
        if let Some(times) = self.failed.count() {
            let listener = self.name;
            warn!(%error, listener, times, "connections cannot be accepted");
        }
        let Some((socket, peer)) = accepted else {
            self.paused_until = Some(Instant::now() + self.pause);
            self.pause = (2 * self.pause).min(MAX_PAUSE);
            return None;
        };
        match self.when_exhausted {
            WhenExhausted::Serve => Some((prepared(socket), peer)),
            // Its peer learns at once what it would otherwise wait for.
            WhenExhausted::Close => None,
        }
    }

    /// The connection that waits, by the spare descriptor. `Pending` if none does; `None` if there is no descriptor to spare.
    async fn accept_with_spare(&mut self) -> Poll<Option<(TcpStream, SocketAddr)>> {
        if !SPARE.give_up() {
            return Poll::Ready(None);
        }
        poll_fn(|cx| Poll::Ready(self.listener.poll_accept(cx).map(Result::ok))).await
    }
}

/// Small messages are not to wait for acknowledgements.
fn prepared(socket: TcpStream) -> TcpStream {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "a connection cannot be set up as it should be");
    }
    socket
}

/// Whether it is one connection that failed, and not the listener.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
    )
}
