//! A scripted upstream: answers each poll as its script says, and remembers what was really so.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Context};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use portico::upstream::{Client, Error, Exchange, Transport, client};
use tokio::time::{Instant, sleep};
use tower::Service;

use super::scene::{Scene, Told};

/// A poll as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) license: String,
    pub(crate) customer: i64,
    pub(crate) products: String,
    /// How many polls of this query came before.
    pub(crate) number: usize,
}

/// What a poll is answered, and after how long.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) after: Duration,
    pub(crate) reply: Reply,
}

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A sound answer.
    Scene(Scene),
    /// An error with this status.
    Status(u16),
    /// A page for people.
    Html,
    /// 200 without a body.
    Empty,
    /// The answer's first bytes, of so many hundredths.
    Cut(Scene, usize),
    /// A sound answer but for one bit, in the name of this column.
    Renamed(Scene, &'static str),
    /// So many rows of three bytes in this column, and no others.
    Hollow(&'static str, usize),
    /// A legal row with nothing in it: the body of an error that lost its status.
    Blank,
    /// No answer at all.
    Hang,
    /// The connection is closed.
    Closed,
}

/// A poll as it was.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    pub(crate) asked: Asked,
    pub(crate) started: Instant,
    pub(crate) started_wall: SystemTime,
    /// `None` while it is in flight.
    pub(crate) ended: Option<(Instant, SystemTime)>,
    /// What a good answer showed.
    pub(crate) showed: Option<Told>,
}

type Script = Box<dyn FnMut(&Asked) -> Answer + Send>;

/// Clones share the script and the memory.
#[derive(Clone)]
pub(crate) struct Upstream(Arc<Mutex<Inner>>);

struct Inner {
    script: Script,
    polls: Vec<Poll>,
    has_breaker: bool,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream")
    }
}

impl Upstream {
    pub(crate) fn scripted(script: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            script: Box::new(script),
            polls: Vec::new(),
            has_breaker: false,
        })))
    }

    /// The same, left alone when it fails. For others what comes of failures is told by the age of the state alone.
    pub(crate) fn with_breaker(self) -> Self {
        self.lock().has_breaker = true;
        self
    }

    /// Answers every poll so, at once, until told otherwise.
    pub(crate) fn always(reply: Reply) -> Self {
        Self::scripted(constant(reply))
    }

    pub(crate) fn set(&self, reply: Reply) {
        self.lock().script = constant(reply);
    }

    /// Answers by the script of another from now on.
    pub(crate) fn take_script_of(&self, other: &Self) {
        let mut script = constant(Reply::Hang);
        std::mem::swap(&mut script, &mut other.lock().script);
        self.lock().script = script;
    }

    pub(crate) fn show(&self, scene: Scene) {
        self.set(Reply::Scene(scene));
    }

    /// Every poll so far, by its start.
    pub(crate) fn polls(&self) -> Vec<Poll> {
        self.lock().polls.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().polls.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, asked: impl FnOnce(&[Poll]) -> Asked) -> (InFlight, Answer) {
        let mut inner = self.lock();
        let asked = asked(&inner.polls);
        let answer = (inner.script)(&asked);
        inner.polls.push(Poll {
            asked,
            started: Instant::now(),
            started_wall: SystemTime::now(),
            ended: None,
            showed: None,
        });
        let index = inner.polls.len() - 1;
        drop(inner);
        let upstream = self.clone();
        (InFlight { upstream, index }, answer)
    }
}

fn constant(reply: Reply) -> Script {
    Box::new(move |_| Answer {
        after: Duration::ZERO,
        reply: reply.clone(),
    })
}

/// A poll in flight; it ends when this is dropped, whoever drops it.
struct InFlight {
    upstream: Upstream,
    index: usize,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut inner = self.upstream.lock();
        inner.polls[self.index].ended = Some((Instant::now(), SystemTime::now()));
    }
}

impl Service<Exchange> for Upstream {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> task::Poll<Result<(), Error>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        let upstream = self.clone();
        Box::pin(async move { upstream.answer(&exchange).await })
    }
}

impl Upstream {
    /// A client whose HTTP this is.
    pub(crate) fn client(&self) -> Client {
        let base = "http://porta".parse().expect("a URL");
        let mut params = client::Params::default();
        if !self.lock().has_breaker {
            params.stack.breaker.failures = 0;
        }
        Client::over(self.clone(), base, Transport::Routes, &params)
    }

    async fn answer(&self, exchange: &Exchange) -> Result<Response<Bytes>, Error> {
        let (license, customer, products) = asked(exchange);
        let (flight, answer) = self.begin(|polls| Asked {
            number: polls
                .iter()
                .filter(|poll| poll.asked.customer == customer && poll.asked.products == products)
                .count(),
            license,
            customer,
            products,
        });
        let Answer { after, reply } = answer;
        sleep(after).await;
        if matches!(reply, Reply::Hang) {
            std::future::pending::<()>().await;
        }
        if let Reply::Scene(scene) = &reply {
            self.lock().polls[flight.index].showed = Some(scene.told());
        }
        exchanged(reply)
    }
}

/// The licence, the customer and the products of a poll, from its path:
/// `/GetCustomerExtensionsActiveCalls/LIC/1/True/11%2C12.csv`.
fn asked(exchange: &Exchange) -> (String, i64, String) {
    let path = exchange.request.uri().path();
    let path = path.strip_suffix(".csv").expect("the suffix");
    let mut values = path.split('/').skip(2);
    let license = values.next().unwrap_or_default().to_owned();
    let customer = values.next().and_then(|id| id.parse().ok()).expect("an id");
    let products = values.nth(1).unwrap_or_default();
    let products = percent_encoding::percent_decode_str(products).decode_utf8();
    (license, customer, products.expect("UTF-8").into_owned())
}

/// The reply as HTTP.
fn exchanged(reply: Reply) -> Result<Response<Bytes>, Error> {
    let csv = "text/csv";
    let (status, content_type, body) = match reply {
        Reply::Scene(scene) => (200, csv, scene.body()),
        Reply::Status(status) => (status, csv, Bytes::from_static(b"License\n\n")),
        Reply::Html => (200, "text/html", Bytes::from_static(b"<html>Sign in</html>")),
        Reply::Empty => (200, csv, Bytes::new()),
        Reply::Cut(scene, hundredths) => {
            let body = scene.body();
            let keep = (body.len() * hundredths / 100).min(body.len() - 1);
            (200, csv, body.slice(..keep))
        }
        Reply::Renamed(scene, column) => (200, csv, renamed(&scene.body(), column)),
        Reply::Hollow(column, rows) => (200, csv, hollow(column, rows)),
        Reply::Blank => (200, csv, csv_of_nothing()),
        Reply::Hang | Reply::Closed => return Err(Error::Interrupted("closed".into())),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(answer)
}

/// The body with the lowest bit of the column's name flipped.
fn renamed(body: &Bytes, column: &str) -> Bytes {
    let mut renamed = body.to_vec();
    let mut names = body.windows(column.len());
    let start = names.position(|name| name == column.as_bytes());
    renamed[start.expect("the column is there")] ^= 1;
    renamed.into()
}

fn csv_of_nothing() -> Bytes {
    portico::codec::csv::one_to_vec(&portico::wire::Answer::default(), portico::codec::csv::Style::V3)
        .expect("an answer can be written")
        .into()
}

/// A table of defaults, which takes far more memory than its text.
fn hollow(filled: &str, rows: usize) -> Bytes {
    let list = format!("\"[{}]\"", vec!["{}"; rows].join(","));
    let cell = |column| if column == filled { &*list } else { "[]" };
    let (calls, statuses) = (cell("lstportaActiveCalls"), cell("ExtensionsActiveCalls"));
    format!("lstportaActiveCalls,ExtensionsActiveCalls,License\n{calls},{statuses},an echo\n").into()
}
