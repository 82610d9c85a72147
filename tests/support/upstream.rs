//! A scripted upstream: raw answers, one after another, and what was asked.
//!
//! It answers the readiness probe by itself. Dropping it fails the test if an answer was not used, or if a request came
//! after the last answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{listener, soon};

/// The header of an answer.
const HEADER: &str = "lstportaActiveCalls,ExtensionLst,Extension,ExtensionDeleted,ExtensionsActiveCalls,License,\
                      ContentId,FeatureName";

/// Enough of the published page for the service to be known by it.
pub(crate) const PAGE: &str = "<pre>POST /csv/reply/CustomerExtension HTTP/1.1</pre>";

/// The body of an answer with these cells.
pub(crate) fn row(cells: &str) -> String {
    format!("{HEADER}\n{cells}\n")
}

/// One answer to one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes; then nothing, on an open connection.
    Stall(Vec<u8>),
    /// Nothing, ever.
    Hang,
}

impl Answer {
    /// A whole answer; `headers` are whole lines, each with its end.
    pub(crate) fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::announcing(body.len(), status, headers, body)
    }

    /// An answer whose body is announced to have `length` bytes.
    pub(crate) fn announcing(length: usize, status: u16, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// A 200 with CSV.
    pub(crate) fn csv(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, "Content-Type: text/csv\r\n", body)
    }

    /// The connection is closed without an answer.
    pub(crate) fn close() -> Self {
        Self::Bytes(Vec::new())
    }
}

/// The scripted upstream.
pub(crate) struct Upstream {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Script {
    has_lists: bool,
    /// Whether the first answer comes again after the last.
    is_endless: bool,
    answers: VecDeque<Answer>,
    asked: Vec<String>,
    heads: Vec<String>,
    unexpected: Vec<String>,
}

impl Upstream {
    pub(crate) async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::scripted(answers, true).await
    }

    /// An upstream that has no route for lists of extensions, and says so whenever it is asked for one. So nobody can look
    /// what there is before a change, or what became of one: each is one request of the script, and its answer all there is.
    #[allow(dead_code, reason = "not all tests make changes")]
    pub(crate) async fn without_lists(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::scripted(answers, false).await
    }

    /// An upstream whose first answer comes again after the last, so that it never has none.
    #[allow(dead_code, reason = "only tests/gateway has such")]
    pub(crate) async fn endless(answers: impl IntoIterator<Item = Answer>) -> Self {
        let upstream = Self::scripted(answers, true).await;
        lock(&upstream.script).is_endless = true;
        upstream
    }

    async fn scripted(answers: impl IntoIterator<Item = Answer>, has_lists: bool) -> Self {
        let (listener, url) = listener().await;
        let script = Arc::new(Mutex::new(Script {
            has_lists,
            answers: answers.into_iter().collect(),
            ..Script::default()
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&script)));
        Self {
            url,
            script,
            _tasks: tasks,
        }
    }

    /// Completes when the last answer was asked for.
    #[allow(dead_code, reason = "only tests/attack has upstreams that are asked unbidden")]
    pub(crate) async fn used_up(&self) {
        let used_up = async {
            while !lock(&self.script).answers.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        soon("a request for the last answer", used_up).await;
    }

    /// Completes when so many requests have come.
    #[allow(dead_code, reason = "only tests/gateway has upstreams that are never used up")]
    pub(crate) async fn asked_for(&self, requests: usize) {
        while lock(&self.script).asked.len() < requests {
            tokio::task::yield_now().await;
        }
    }

    /// Each request so far: its first line, an empty line, its body.
    pub(crate) fn asked(&self) -> Vec<String> {
        lock(&self.script).asked.clone()
    }

    /// The head of each request so far: its first line and its headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        lock(&self.script).heads.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let script = lock(&self.script);
        if script.is_endless {
            return;
        }
        assert!(script.answers.is_empty(), "unused answers: {:?}", script.answers);
        assert!(
            script.unexpected.is_empty(),
            "unexpected requests: {:?}",
            script.unexpected
        );
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().expect("the script does not panic")
}

async fn accept(listener: tokio::net::TcpListener, script: Arc<Mutex<Script>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&script)));
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let Some((head, body)) = read(&mut stream).await else {
        return;
    };
    match next(&script, head, &body) {
        Answer::Hang => std::future::pending().await,
        Answer::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Answer::Bytes(bytes) => {
            // A client that has heard enough may have left.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // Closing before the client does could reset what it has not read yet.
            let _ = stream.read(&mut [0]).await;
        }
    }
}

fn next(script: &Mutex<Script>, head: String, body: &str) -> Answer {
    if head.starts_with("GET /csv/metadata?op=CustomerExtension ") {
        return Answer::new(200, "", PAGE);
    }
    let mut script = lock(script);
    if !script.has_lists && asks_for_a_list(&head, body) {
        return Answer::new(404, "Content-Type: text/plain\r\n", "404");
    }
    let request = format!("{}\n\n{body}", head.lines().next().unwrap_or_default());
    script.asked.push(request.clone());
    script.heads.push(head);
    let answer = script.answers.pop_front();
    if script.is_endless {
        script.answers.extend(answer.clone());
    }
    answer.unwrap_or_else(|| {
        script.unexpected.push(request);
        Answer::new(418, "", "")
    })
}

/// Over the reply route a list is what is asked for with nothing but a licence and a customer.
fn asks_for_a_list(head: &str, body: &str) -> bool {
    let is_alone = body.contains("ICustomer=") && body.matches('&').count() == 1;
    head.starts_with("GET /GetCustomerExtensions/") || is_alone
}

/// The head and the body of one request; `None` if the client left.
async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse().expect("a length"));
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
