//! An upstream that serves, fails, or holds the polls, as it is told, and counts what reaches it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::harness::Result;
use super::harness::upstream::{PAGE, asks_for_page};

const EMPTY: &[u8] =
    b"lstportaActiveCalls,ExtensionLst,Extension,ExtensionDeleted,ExtensionsActiveCalls,License,ContentId,\
FeatureName\n[],[],,False,[],bench,0,\n";

/// A part of the path of a poll that no other path has.
const POLL: &[u8] = b"ActiveCalls";

/// What becomes of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Well,
    /// 503 for all.
    Busy,
    /// The connection of each is reset.
    Reset,
    /// 503 for every third.
    Third,
    /// Polls are never answered, the rest is.
    PollsHang,
}

/// The upstream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<Mode>,
    reads: AtomicU64,
    polls: Mutex<Vec<Instant>>,
}

impl Upstream {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            mode: Mutex::new(Mode::Well),
            reads: AtomicU64::new(0),
            polls: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let accepting = shared.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = accepting.clone();
                connections.spawn(async move {
                    // A connection ends as it may.
                    let _ = shared.serve(stream).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            shared,
            _tasks: tasks,
        })
    }

    pub(crate) fn set(&self, mode: Mode) {
        *locked(&self.shared.mode) = mode;
    }

    /// How many reads have reached it since this was last asked.
    pub(crate) fn reads(&self) -> u64 {
        self.shared.reads.swap(0, Ordering::Relaxed)
    }

    /// When polls have reached it since this was last asked.
    pub(crate) fn polls(&self) -> Vec<Instant> {
        std::mem::take(&mut *locked(&self.shared.polls))
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut head = Vec::new();
        loop {
            head.clear();
            while !head.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut head).await? == 0 {
                    return Ok(());
                }
            }
            if asks_for_page(&head) {
                stream.write_all(&message("200 OK", PAGE)).await?;
                continue;
            }
            let is_poll = head.windows(POLL.len()).any(|part| part == POLL);
            let number = if is_poll {
                locked(&self.polls).push(Instant::now());
                0
            } else {
                self.reads.fetch_add(1, Ordering::Relaxed)
            };
            let mode = *locked(&self.mode);
            match mode {
                Mode::PollsHang if is_poll => {
                    // Until the gateway has had enough.
                    let _ = stream.read(&mut [0]).await;
                    return Ok(());
                }
                Mode::Reset => {
                    stream.set_zero_linger()?;
                    return Ok(());
                }
                Mode::Busy => stream.write_all(&message("503 Busy", b"busy")).await?,
                Mode::Third if !is_poll && number.is_multiple_of(3) => {
                    stream.write_all(&message("503 Busy", b"busy")).await?;
                }
                Mode::Well | Mode::Third | Mode::PollsHang => {
                    stream.write_all(&message("200 OK", EMPTY)).await?;
                }
            }
        }
    }
}

fn message(status: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
