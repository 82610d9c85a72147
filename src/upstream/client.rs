//! The client: sends one request, reads one answer, decides nothing.
//!
//! What a call goes through, outermost first. Each line is a layer with a reason of its own; those in brackets are
//! places kept for capabilities that are not there, and until they are nothing is ever sent twice:
//!
//! ```text
//!   [coalescing]       identical reads in flight share one request
//!   [total deadline]   the caller's, minus a margin
//!   [retry]            reads only, with a budget
//!   attempt timeout    connect and whole-exchange limits of `reqwest`
//!   [breaker]          stops asking an upstream that is down
//!   span               one per attempt, with the template of the URL and never the URL
//!   reqwest            pooling, gzip, TLS; redirects off, its own retries off, no proxy
//!   body cap           after decompression
//! ```

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tracing::Instrument as _;

use super::{BaseUrl, Effect, Error, License, Operation, Transport, answer, transport};

/// Settings of the client.
#[derive(Clone, Debug)]
pub struct Params {
    /// Limit for name resolution, TCP and TLS.
    pub connect_timeout: Duration,
    /// Limit for a whole exchange, from the start to the last byte of the body.
    pub timeout: Duration,
    /// Limit for a body in bytes, after decompression.
    pub max_body: usize,
    /// How long an idle connection is kept.
    pub pool_idle_timeout: Duration,
    /// A PEM file with the only certificate authorities to trust; `None` = the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(30),
            max_body: 16 * 1024 * 1024,
            // IIS closes idle connections after 120 s, Kestrel after 130 s.
            pool_idle_timeout: Duration::from_secs(60),
            ca_file: None,
        }
    }
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The CA file cannot be read.
    #[error("cannot read the CA file {path}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The CA file holds no certificate, or one that cannot be parsed.
    #[error("the CA file {path} holds no usable PEM certificate")]
    CaCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Http(#[source] reqwest::Error),
}

/// A client of one upstream. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: BaseUrl,
    transport: Transport,
    license: License,
    max_body: usize,
}

impl Client {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the CA file is unusable or TLS cannot be set up.
    pub fn new(
        base: BaseUrl,
        transport: Transport,
        license: License,
        params: Params,
    ) -> Result<Self, BuildError> {
        let Params {
            connect_timeout,
            timeout,
            max_body,
            pool_idle_timeout,
            ca_file,
        } = params;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("portico/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            .timeout(timeout)
            .pool_idle_timeout(pool_idle_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy();
        if let Some(path) = ca_file {
            builder = builder.tls_certs_only(read_certificates(path)?);
        }
        let http = builder
            .build()
            .map_err(|error| BuildError::Http(error.without_url()))?;
        Ok(Self {
            http,
            base,
            transport,
            license,
            max_body,
        })
    }

    /// How operations are carried, which decides what texts they can hold.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Sends `operation`, once.
    ///
    /// # Errors
    ///
    /// Every [`Error`]; of a change, [`Error::OutcomeUnknown`] where it may have happened.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the exchange: a change may then happen or not.
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Answer, Error> {
        let answer = self
            .exchange(operation, None, |status, headers, body| {
                answer::read(status, headers, &body, O::EFFECT)
            })
            .await
            .and_then(|answer| operation.parse(answer));
        answer.map_err(|error| match O::EFFECT {
            Effect::Read => error,
            Effect::Add | Effect::Change => error.of_change(),
        })
    }

    /// Sends `operation`, once, and gives the body of the answer as it is, for a reader that knows most of it already.
    ///
    /// `timeout` takes the place of the limit for a whole exchange.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], but for what only decoding can tell.
    pub async fn fetch<O: Operation>(&self, operation: &O, timeout: Duration) -> Result<Bytes, Error> {
        self.exchange(operation, Some(timeout), |status, headers, body| {
            answer::check(status, headers, &body, O::EFFECT).map(|()| body)
        })
        .await
    }

    /// One attempt in a span of its own: sends `operation` and has the answer read.
    async fn exchange<O: Operation, T>(
        &self,
        operation: &O,
        timeout: Option<Duration>,
        read: impl FnOnce(StatusCode, &HeaderMap, Bytes) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let request = self.transport.request(operation, &self.base, &self.license)?;
        let template = self.transport.template(operation);
        let span = tracing::debug_span!(
            "upstream",
            otel.kind = "client",
            otel.name = format_args!("{} {template}", request.method()),
            operation = O::NAME,
            http.request.method = %request.method(),
            url.template = template,
            http.response.status_code = tracing::field::Empty,
            http.response.body.size = tracing::field::Empty,
            error.r#type = tracing::field::Empty,
        );
        async {
            let span = tracing::Span::current();
            let exchanged = self.send(request, template, timeout).await;
            let answer = exchanged.and_then(|(status, headers, body)| {
                span.record("http.response.status_code", status.as_u16());
                span.record("http.response.body.size", body.len());
                read(status, &headers, body)
            });
            answer.inspect_err(|error| {
                span.record("error.type", error.kind().error_type());
            })
        }
        .instrument(span)
        .await
    }

    /// Asks for the published page of the service: whether anything answers HTTP there.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Interrupted`] and [`Error::Elapsed`].
    pub async fn probe(&self) -> Result<(), Error> {
        let request = to_reqwest(transport::probe(&self.base), transport::PROBE)?;
        self.http.execute(request).await.map(drop).map_err(to_error)
    }

    async fn send(
        &self,
        request: Request<Bytes>,
        template: &'static str,
        timeout: Option<Duration>,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Error> {
        let mut request = to_reqwest(request, template)?;
        if timeout.is_some() {
            *request.timeout_mut() = timeout;
        }
        let response = self.http.execute(request).await.map_err(to_error)?;
        let (head, body) = http::Response::from(response).into_parts();
        let body = Limited::new(body, self.max_body)
            .collect()
            .await
            .map_err(|error| {
                match error.downcast::<reqwest::Error>() {
                    Ok(error) => to_error(*error),
                    // The only other error of `Limited` is its own.
                    Err(_) => Error::TooLarge { limit: self.max_body },
                }
            })?;
        Ok((head.status, head.headers, body.to_bytes()))
    }
}

/// Hands the request to `reqwest`, whose URL type resolves dot segments: the path must come out as it went in.
fn to_reqwest(request: Request<Bytes>, template: &'static str) -> Result<reqwest::Request, Error> {
    let path = request.uri().path().to_owned();
    match reqwest::Request::try_from(request) {
        Ok(request) if request.url().path() == path => Ok(request),
        Ok(_) | Err(_) => Err(Error::Unroutable { template }),
    }
}

/// Sorts an error of the exchange by what may have reached the upstream. The URL holds the licence: it is dropped.
fn to_error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::Connect(error)
    } else if error.is_timeout() {
        Error::Elapsed(error)
    } else {
        Error::Interrupted(error)
    }
}

fn read_certificates(path: PathBuf) -> Result<Vec<reqwest::Certificate>, BuildError> {
    let pem = match std::fs::read(&path) {
        Ok(pem) => pem,
        Err(source) => return Err(BuildError::CaFile { path, source }),
    };
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(BuildError::CaCertificate { path }),
    }
}
