//! An upstream on real sockets that can be made to fail: healthy, it passes everything on to a sandbox.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use portico::sandbox::Seen;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::support::{PAGE, RunningSandbox, soon};

/// From one byte of a dripping answer to the next.
const DRIP: Duration = Duration::from_millis(50);

/// What becomes of a connection or a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nobody listens.
    Refused,
    /// Nobody accepts: packets go nowhere.
    BlackHole,
    /// Reset when it is accepted, before anything is read.
    ResetBefore,
    /// Reset when the request was read.
    ResetAfter,
    /// The other half is closed when the request was read, and nothing comes.
    HalfClosed,
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then nothing.
    Stalled(Vec<u8>),
    /// These bytes, one at a time.
    Dripping(Vec<u8>),
    /// Every second request meets this one, the first included.
    Flapping(Box<Fault>),
}

/// The upstream. What it answers the probe is the page, unless there are no connections.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinSet<()>,
    /// What fills the queue of a black hole.
    filling: Vec<TcpStream>,
}

struct Shared {
    sandbox: RunningSandbox,
    client: reqwest::Client,
    mode: Mutex<Mode>,
    calls: AtomicUsize,
}

#[derive(Clone, Default)]
struct Mode {
    fault: Option<Fault>,
    /// What the path must begin with to meet it.
    of: &'static str,
    /// Whether the sandbox does it all the same.
    is_done: bool,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            sandbox: RunningSandbox::recorded().await,
            client: reqwest::Client::new(),
            mode: Mutex::default(),
            calls: AtomicUsize::new(0),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared.clone()));
        Self {
            address,
            shared,
            accepting,
            filling: Vec::new(),
        }
    }

    /// From now on what is asked for under `of` meets this fault; `is_done` says whether it is done all the same.
    pub(crate) async fn fails(&mut self, fault: &Fault, of: &'static str, is_done: bool) {
        *self.shared.mode.lock().expect("no panic") = Mode {
            fault: Some(fault.clone()),
            of,
            is_done,
        };
        match fault {
            Fault::Refused => self.accepting.shutdown().await,
            Fault::BlackHole => {
                self.accepting.shutdown().await;
                let listener = self.listen(0);
                // As many as the queue takes, and one more that stays outside.
                while let Ok(Ok(stream)) =
                    tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(self.address)).await
                {
                    self.filling.push(stream);
                }
                self.accepting.spawn(async move {
                    let _listener = listener;
                    std::future::pending::<()>().await;
                });
            }
            _ => {}
        }
    }

    /// From now on all is well.
    pub(crate) async fn recovers(&mut self) {
        *self.shared.mode.lock().expect("no panic") = Mode::default();
        self.accepting.shutdown().await;
        self.filling.clear();
        let listener = self.listen(1024);
        self.accepting.spawn(accept(listener, self.shared.clone()));
    }

    /// How many calls have arrived that meet the fault, since this was last asked. Where nobody accepts, none is seen to.
    pub(crate) fn calls(&self) -> usize {
        self.shared.calls.swap(0, Ordering::Relaxed)
    }

    /// Completes when so many calls have arrived.
    pub(crate) async fn called(&self, times: usize) {
        let called = async {
            while self.shared.calls.load(Ordering::Relaxed) < times {
                tokio::task::yield_now().await;
            }
        };
        soon("so many calls", called).await;
    }

    /// How many extensions the sandbox has been given with this number.
    pub(crate) fn added(&self, number: &str) -> usize {
        let seen = self.shared.sandbox.seen();
        let is_it = |seen: &&Seen| seen.members.get("Id").is_some_and(|id| id == number);
        seen.iter().filter(is_it).count()
    }

    fn listen(&self, backlog: u32) -> TcpListener {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(self.address).expect("the port is free again");
        socket.listen(backlog).expect("it listens")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let mode = shared.mode.lock().expect("no panic").clone();
        if let Some(Fault::ResetBefore) = mode.fault {
            shared.calls.fetch_add(1, Ordering::Relaxed);
            reset(stream);
        } else {
            connections.spawn(serve(stream, shared.clone()));
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(path) = asked(&mut stream).await else {
        return;
    };
    if path.starts_with("/csv/metadata") {
        let _ = stream.write_all(&answer(200, "text/html", PAGE.as_bytes())).await;
        return;
    }
    let mode = shared.mode.lock().expect("no panic").clone();
    let is_met = path.starts_with(mode.of);
    let number = shared.calls.fetch_add(usize::from(is_met), Ordering::Relaxed);
    let fault = mode.fault.filter(|_| is_met);
    let fault = match fault {
        Some(Fault::Flapping(fault)) => number.is_multiple_of(2).then_some(*fault),
        fault => fault,
    };
    if fault.is_none() || mode.is_done {
        let truth = shared.pass_on(&path).await;
        meet(stream, fault, &truth).await;
    } else {
        meet(stream, fault, &[]).await;
    }
}

/// Has the connection meet its fault, or gives the sandbox's answer.
async fn meet(mut stream: TcpStream, fault: Option<Fault>, truth: &[u8]) {
    match fault {
        None => {
            let _ = stream.write_all(truth).await;
        }
        Some(Fault::ResetAfter | Fault::ResetBefore) => reset(stream),
        Some(Fault::HalfClosed) => {
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
        }
        Some(Fault::Bytes(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
        }
        Some(Fault::Stalled(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Some(Fault::Dripping(bytes)) => {
            let mut next = interval(DRIP);
            for byte in bytes {
                next.tick().await;
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
        Some(Fault::Refused | Fault::BlackHole | Fault::Flapping(_)) => {
            panic!("that is no fault of a request")
        }
    }
}

impl Shared {
    async fn pass_on(&self, path: &str) -> Vec<u8> {
        let request = self.client.get(format!("{}{path}", self.sandbox.url));
        let answered = request.header("accept", "text/csv").send().await;
        let answered = answered.expect("the sandbox answers");
        let status = answered.status().as_u16();
        let media_type = answered.headers()["content-type"].to_str().expect("ASCII");
        let media_type = media_type.to_owned();
        let body: Bytes = answered.bytes().await.expect("a body");
        answer(status, &media_type, &body)
    }
}

/// A whole answer, after which the connection is closed.
pub(crate) fn answer(status: u16, media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: {length}\r\nContent-Type: {media_type}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("an option");
    drop(stream);
}

/// The path that is asked for; `None` if the client left. No request here has a body.
async fn asked(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&bytes);
    head.split(' ').nth(1).map(str::to_owned)
}
