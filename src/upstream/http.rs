//! HTTP: this file and its children alone know `reqwest`. Sends one exchange, once, and reads what comes back.
//!
//! Its errors are sorted here by what may have reached the upstream, and boxed, so that nothing above depends on the
//! library. What it could do by itself is off (`docs/adr/0006`): redirects, retries, proxies from the environment, and
//! its time limit, which is a layer of the stack. One thing is not ours to turn off: a request that found its pooled
//! connection closed before a byte of it was written goes out on another.

mod pool;
mod tls;

use std::error::Error as StdError;
use std::future::ready;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::header::{CONNECTION, HeaderMap, HeaderValue};
use ::http::{Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use tower::Service;

use self::pool::Pool;
use super::{Error, Exchange, Expects, answer};

pub(super) use self::pool::Origin;
pub use self::tls::BuildError;

/// How much is read of what may be the published page, which has some KiB: it is searched on a thread that does IO.
const MAX_PAGE: usize = 256 * 1024;

/// Settings of the connections.
#[derive(Clone, Debug)]
pub struct Params {
    /// Limit for name resolution, TCP and TLS.
    pub connect_timeout: Duration,
    /// Limit for a body in bytes, after decompression.
    pub max_body: usize,
    /// Whether a connection is used for one request after another. If not, each has one of its own.
    pub reuse_connections: bool,
    /// How long an idle connection is kept.
    pub pool_idle_timeout: Duration,
    /// A PEM file with the only certificate authorities to trust; `None` = the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            max_body: 16 * 1024 * 1024,
            reuse_connections: true,
            // IIS closes idle connections after 120 s, Kestrel after 130 s.
            pool_idle_timeout: Duration::from_secs(60),
            ca_file: None,
        }
    }
}

/// Connections to the upstream. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Http {
    pool: Pool,
    reuses_connections: bool,
    max_body: usize,
}

impl Http {
    /// Sets up TLS; nothing is sent.
    pub(super) fn new(params: &Params) -> Result<Self, BuildError> {
        let tls = tls::config(params.ca_file.as_deref())?;
        let (reuses_connections, max_body) = (params.reuse_connections, params.max_body);
        let params = params.clone();
        let pool = Pool::new(move || client(&params, tls.clone()))?;
        Ok(Self {
            pool,
            reuses_connections,
            max_body,
        })
    }

    async fn send(self, request: reqwest::Request, exchange: Exchange) -> Result<Response<Bytes>, Error> {
        let (client, origin) = self.pool.client().map_err(|error| Error::Connect(error.into()))?;
        let answer = client.execute(request).await.map_err(sort)?;
        let (mut head, body) = Response::from(answer).into_parts();
        // A body that is not wanted is dropped. If all of it has arrived by then, the connection is used again.
        let (is_wanted, limit) = match exchange.expects {
            Expects::Csv => (answer::wants_body(head.status, &head.headers), self.max_body),
            Expects::Page => (head.status == StatusCode::OK, MAX_PAGE.min(self.max_body)),
        };
        let body = if is_wanted {
            read(body, limit).await?
        } else {
            Bytes::new()
        };
        // Whoever reads the answer can tell whether others from there are to be believed. Of a connection of its own there
        // are none.
        if self.reuses_connections {
            head.extensions.insert(origin);
        }
        Ok(Response::from_parts(head, body))
    }
}

impl Service<Exchange> for Http {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut exchange: Exchange) -> Self::Future {
        let request = std::mem::take(&mut exchange.request);
        match to_reqwest(request) {
            Some(request) => Box::pin(self.clone().send(request, exchange)),
            None => Box::pin(ready(Err(Error::Unroutable {
                template: exchange.template,
            }))),
        }
    }
}

/// The whole of a body of so many bytes at most.
async fn read(body: reqwest::Body, limit: usize) -> Result<Bytes, Error> {
    let read = Limited::new(body, limit).collect().await;
    let read = read.map_err(|error| match error.downcast::<reqwest::Error>() {
        Ok(error) => sort(*error),
        // The only other error is the one of `Limited` itself: the body is too long.
        Err(_) => Error::TooLarge { limit },
    })?;
    Ok(read.to_bytes())
}

/// A client with no connection yet.
fn client(params: &Params, tls: rustls::ClientConfig) -> Result<reqwest::Client, BuildError> {
    let Params {
        connect_timeout,
        max_body: _,
        reuse_connections,
        pool_idle_timeout,
        ca_file: _,
    } = *params;
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("portico/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(pool_idle_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy();
    if !reuse_connections {
        // The other end is told, so that it does not keep its side for anybody else.
        let close = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close"))]);
        builder = builder.pool_max_idle_per_host(0).default_headers(close);
    }
    builder
        .build()
        .map_err(|error| BuildError::Http(error.without_url().into()))
}

/// Hands the request to `reqwest`, whose URL type resolves dot segments: the path must come out as it went in.
fn to_reqwest(request: Request<Bytes>) -> Option<reqwest::Request> {
    let path = request.uri().path().to_owned();
    let request = reqwest::Request::try_from(request).ok()?;
    (request.url().path() == path).then_some(request)
}

/// Sorts an error by what may have reached the upstream and what came back. The URL holds the licence: it is dropped.
fn sort(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        return Error::Connect(error.into());
    }
    match cause::<hyper::Error>(&error) {
        // The connection had ended before it took the request, which was handed back unsent.
        Some(broken) if broken.is_canceled() => Error::Connect(error.into()),
        Some(broken) if broken.is_parse() || breaks_framing(broken) || spoke_first(broken) => {
            Error::NotHttp(error.into())
        }
        // A body that broke without HTTP having broken: it is what takes off the compression.
        None if error.is_decode() || error.is_body() => Error::Compression(error.into()),
        // After any other failure, part or all of the request may have been sent.
        Some(_) | None => Error::Interrupted(error.into()),
    }
}

/// Whether the body breaks the grammar of HTTP, such as by a chunk without a length. `InvalidData` does not show that:
/// it is what TLS says when it breaks.
fn breaks_framing(error: &hyper::Error) -> bool {
    cause::<io::Error>(error).is_some_and(|io| io.kind() == io::ErrorKind::InvalidInput)
}

/// Whether the other side spoke before it was asked, as SSH and SMTP do. `hyper` has no other way to tell.
fn spoke_first(error: &hyper::Error) -> bool {
    error.to_string() == "received unexpected message from connection"
}

/// The first cause of this type.
fn cause<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
