//! A sandbox on a real socket, and a client that sends exactly what it is given.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::super::{Params, Sandbox, run};

/// A running sandbox; it ends with this value.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) sandbox: Sandbox,
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinSet<()>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the body is as long as was announced.
    pub(super) fn is_whole(&self) -> bool {
        self.header("content-length")
            .and_then(|length| length.parse().ok())
            == Some(self.body.len())
    }
}

impl Served {
    pub(super) async fn start(params: Params) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let sandbox = Sandbox::new(params);
        let (stop, stopped) = oneshot::channel::<()>();
        let mut server = JoinSet::new();
        server.spawn(run(listener, sandbox.clone(), async { drop(stopped.await) }));
        Self {
            sandbox,
            address,
            stop: Some(stop),
            server,
        }
    }

    /// Stops the sandbox as its operator would and waits until it has ended.
    pub(super) async fn stop(&mut self) {
        drop(self.stop.take());
        self.server
            .join_next()
            .await
            .expect("there is a server")
            .expect("it did not panic");
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("the sandbox listens")
    }

    pub(super) async fn get(&self, target: &str) -> Answer {
        self.try_get(target).await.expect("there is an answer")
    }

    pub(super) async fn try_get(&self, target: &str) -> Option<Answer> {
        self.request("GET", target, "").await
    }

    pub(super) async fn put(&self, target: &str, body: &str) -> Answer {
        self.request("PUT", target, body)
            .await
            .expect("there is an answer")
    }

    /// `None` if the connection was closed without an answer.
    pub(super) async fn request(&self, method: &str, target: &str, body: &str) -> Option<Answer> {
        let mut stream = self.connect().await;
        let length = body.len();
        let text = format!(
            "{method} {target} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream
            .write_all(text.as_bytes())
            .await
            .expect("the request is taken");
        parse(&read_all(&mut stream).await)
    }
}

/// What comes until the connection is closed.
pub(super) async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .await
        .expect("the connection is closed, not reset");
    String::from_utf8_lossy(&answer).into_owned()
}

/// One exchange after which the connection stays open, idle.
pub(super) async fn exchange_and_keep(stream: &mut TcpStream, target: &str) {
    let text = format!("GET {target} HTTP/1.1\r\nHost: sandbox\r\n\r\n");
    stream
        .write_all(text.as_bytes())
        .await
        .expect("the request is taken");
    let mut answer = Vec::new();
    while !parse(&String::from_utf8_lossy(&answer)).is_some_and(|answer| answer.is_whole()) {
        assert_ne!(
            stream.read_buf(&mut answer).await.expect("there is more to come"),
            0,
            "it was closed"
        );
    }
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Some(Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}
