//! An upstream that lies: passes on what the sandbox answers, or something else.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::findings::Findings;
use super::harness::Result;

/// The longest that it holds a request back before it passes it on.
pub(crate) const LATEST: Duration = Duration::from_secs(8);

/// The share of the requests that it does not pass on as they are.
const SHARE: f64 = 0.3;

/// Rows that are nothing, millions of them.
const BOMB_ROWS: usize = 4_000_000;

/// The liar, until it is dropped.
#[derive(Debug)]
pub(crate) struct Liar {
    pub(crate) address: SocketAddr,
    lies: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

/// What it passes requests on with.
#[derive(Clone, Debug)]
struct Trade {
    sandbox: SocketAddr,
    http: reqwest::Client,
    lies: Arc<AtomicBool>,
    bomb: Bytes,
    findings: Findings,
}

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
enum Trick {
    /// Passes it on too late for whoever asked, or nearly.
    Late,
    /// Passes nothing on and does not answer.
    Hang,
    /// Passes nothing on and closes.
    Drop,
    /// Passes it on and closes instead of answering.
    Swallow,
    /// Passes it on and answers with half of the answer.
    Cut,
    /// Passes it on and answers with a page for people.
    Page,
    /// Passes nothing on and is busy, as a proxy would say it.
    Busy,
    /// Passes it on and answers with what is not HTTP.
    Garbage,
    /// Passes it on and answers twice.
    Twice,
    /// Passes it on and answers under other names of columns.
    Renamed,
    /// Passes it on and answers with millions of rows that are nothing.
    Bomb,
}

const TRICKS: [Trick; 11] = [
    Trick::Late,
    Trick::Hang,
    Trick::Drop,
    Trick::Swallow,
    Trick::Cut,
    Trick::Page,
    Trick::Busy,
    Trick::Garbage,
    Trick::Twice,
    Trick::Renamed,
    Trick::Bomb,
];

// === impl Liar ===

impl Liar {
    /// A liar before this sandbox; honest until told to lie.
    pub(crate) async fn before(sandbox: SocketAddr, findings: &Findings) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let lies = Arc::new(AtomicBool::new(false));
        let trade = Trade {
            sandbox,
            http: reqwest::Client::new(),
            lies: lies.clone(),
            bomb: bomb()?,
            findings: findings.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let trade = trade.clone();
                connections.spawn(async move {
                    // A connection ends as it may.
                    let _ = trade.serve(stream).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            lies,
            _tasks: tasks,
        })
    }

    /// Lies from now on, or does not.
    pub(crate) fn lie(&self, lies: bool) {
        self.lies.store(lies, Ordering::Relaxed);
    }
}

// === impl Trade ===

impl Trade {
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
            let path = String::from_utf8_lossy(&head);
            let path = path.split(' ').nth(1).ok_or("no path")?.to_owned();
            let lies = self.lies.load(Ordering::Relaxed) && rand::random_bool(SHARE);
            if !lies {
                stream.write_all(&self.honest(&path).await?).await?;
                continue;
            }
            self.findings.count("lies");
            let trick = TRICKS[rand::random_range(0..TRICKS.len())];
            if !self.play(trick, &path, &mut stream).await? {
                return Ok(());
            }
        }
    }

    /// What the sandbox answers.
    async fn honest(&self, path: &str) -> Result<Vec<u8>> {
        let url = format!("http://{}{path}", self.sandbox);
        let answer = self.http.get(url).header("accept", "text/csv").send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await?;
        let media_type = headers.get("content-type").and_then(|value| value.to_str().ok());
        Ok(message(
            status.as_u16(),
            media_type.unwrap_or("text/csv"),
            "",
            &body,
        ))
    }

    /// Plays a trick; true if the connection goes on.
    async fn play(&self, trick: Trick, path: &str, stream: &mut TcpStream) -> Result<bool> {
        let answer = match trick {
            Trick::Hang => {
                sleep(LATEST).await;
                return Ok(false);
            }
            Trick::Drop => return Ok(false),
            Trick::Busy => message(503, "text/html", "", b"<html>busy</html>"),
            Trick::Late => {
                sleep(LATEST.mul_f64(rand::random())).await;
                self.honest(path).await?
            }
            Trick::Swallow => {
                self.honest(path).await?;
                return Ok(false);
            }
            Trick::Cut => {
                let mut answer = self.honest(path).await?;
                answer.truncate(answer.len() / 2);
                stream.write_all(&answer).await?;
                return Ok(false);
            }
            Trick::Page => {
                self.honest(path).await?;
                message(200, "text/html", "", b"<html>Please log in</html>")
            }
            Trick::Garbage => {
                self.honest(path).await?;
                b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()
            }
            Trick::Twice => self.honest(path).await?.repeat(2),
            Trick::Renamed => {
                let answer = String::from_utf8(self.honest(path).await?)?;
                answer.replace("Extension", "Extencion").into_bytes()
            }
            Trick::Bomb => {
                self.honest(path).await?;
                message(200, "text/csv", "Content-Encoding: gzip\r\n", &self.bomb)
            }
        };
        stream.write_all(&answer).await?;
        Ok(true)
    }
}

fn message(status: u16, media_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} \r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n{more}\r\n");
    [head.as_bytes(), body].concat()
}

/// A legal answer, by its header, that is a few kilobytes long and whose lists decode into millions of rows.
fn bomb() -> Result<Bytes> {
    let rows = format!("\"[{}{{}}]\"", "{},".repeat(BOMB_ROWS / 3));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed
        .write_all(b"lstportaActiveCalls,ExtensionLst,Extension,ExtensionDeleted,ExtensionsActiveCalls,")?;
    packed.write_all(b"License,ContentId,FeatureName\r\n")?;
    packed.write_all(format!("{rows},{rows},{{}},False,{rows},,0,\r\n").as_bytes())?;
    Ok(packed.finish()?.into())
}
