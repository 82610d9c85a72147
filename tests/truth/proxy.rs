//! The proxy in front of the sandbox: loses, delays, and notes every change that arrives.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Good,
    /// The connection is lost, and the change with it.
    LostBefore,
    /// The connection is lost when it was made.
    LostAfter,
    /// The connection is lost, and the change is made later.
    Late(Duration),
    /// It is made, and answered, after some time.
    Slow(Duration),
}

/// A change as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Its path behind the licence: what it asks for.
    pub(crate) path: String,
    /// The sandbox's status and body, and when it gave them; `None` if it was not passed on.
    pub(crate) done: Option<(u16, String, Instant)>,
    /// Whether the answer was lost on purpose.
    pub(crate) is_lost: bool,
}

/// The proxy. What it notes is the history of the upstream.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<Infallible>,
}

struct Shared {
    sandbox: SocketAddr,
    client: reqwest::Client,
    arrivals: Mutex<Vec<Arrival>>,
    /// What is made later, and everything else under way.
    tasks: TaskTracker,
}

impl Proxy {
    pub(crate) async fn before(sandbox: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            sandbox,
            client: reqwest::Client::new(),
            arrivals: Mutex::default(),
            tasks: TaskTracker::new(),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared.clone()));
        Self {
            address,
            shared,
            _accepting: accepting,
        }
    }

    /// The history, when nothing is under way any more.
    pub(crate) async fn finish(self: Arc<Self>) -> Vec<Arrival> {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.shared.arrivals.lock().expect("no panic").clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let shared = shared.clone();
        connections.spawn(async move {
            let answer = service_fn(move |request| answer(shared.clone(), request));
            // Its end is no news: that is what connections are lost by.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

/// An error is a connection that is lost.
async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let path = request.uri().to_string();
    let (is_change, fate) = if ["/AddCust", "/UpdateCust", "/DeleteCust"]
        .iter()
        .any(|of| path.starts_with(of))
    {
        (true, fate())
    } else if rand::random_ratio(1, 50) && path.starts_with("/Get") {
        return Err(io::Error::other("lost"));
    } else {
        (false, Fate::Good)
    };
    let index = is_change.then(|| {
        let mut arrivals = shared.arrivals.lock().expect("no panic");
        arrivals.push(Arrival {
            path: path.clone(),
            done: None,
            is_lost: matches!(fate, Fate::LostBefore | Fate::LostAfter | Fate::Late(_)),
        });
        arrivals.len() - 1
    });
    // Whoever leaves does not take it along: what has arrived is done as its fate is.
    let pass_on = shared.clone().pass_on(path, index);
    let answered = match fate {
        Fate::Good => shared.tasks.spawn(pass_on),
        Fate::LostBefore => return Err(io::Error::other("lost")),
        Fate::LostAfter => {
            let _ = shared.tasks.spawn(pass_on).await;
            return Err(io::Error::other("lost"));
        }
        Fate::Late(after) => {
            shared.tasks.spawn(async move {
                sleep(after).await;
                pass_on.await
            });
            return Err(io::Error::other("lost"));
        }
        Fate::Slow(after) => shared.tasks.spawn(async move {
            sleep(after).await;
            pass_on.await
        }),
    };
    let (status, media_type, body) = answered.await.expect("no panic");
    let answer = Response::builder()
        .status(status)
        .header("content-type", media_type);
    Ok(answer.body(Full::new(body)).expect("an answer"))
}

fn fate() -> Fate {
    let some = || Duration::from_millis(rand::random_range(20..400));
    match rand::random_range(0..100) {
        // Of more, five in a row would come all the time, and nearly all of the run be spent before an open breaker.
        0..3 => Fate::LostBefore,
        3..9 => Fate::LostAfter,
        9..13 => Fate::Late(some()),
        13..20 => Fate::Slow(some()),
        _ => Fate::Good,
    }
}

impl Shared {
    async fn pass_on(self: Arc<Self>, path: String, index: Option<usize>) -> (u16, String, Bytes) {
        let request = self
            .client
            .get(format!("http://{}{path}", self.sandbox))
            .header("accept", "text/csv");
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status().as_u16();
        let media_type = answer.headers().get("content-type");
        let media_type = media_type
            .map_or("", |value| value.to_str().expect("ASCII"))
            .to_owned();
        let body = answer.bytes().await.expect("a body");
        if let Some(index) = index {
            let text = String::from_utf8_lossy(&body).into_owned();
            let mut arrivals = self.arrivals.lock().expect("no panic");
            arrivals[index].done = Some((status, text, Instant::now()));
        }
        (status, media_type, body)
    }
}
