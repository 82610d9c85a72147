//! The two ways to carry an operation: the published GET routes, and the reply route's form.

mod reply;
mod routes;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CACHE_CONTROL};

use super::{BaseUrl, Error, License, Operation};

/// How operations are carried. Either way only the licence and the operation's members are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The published GET routes: members are segments of the path. Understood by every host, refuses some texts.
    #[default]
    Routes,
    /// `POST /csv/reply/CustomerExtension` with a form: carries any text and keeps the licence out of URLs.
    Reply,
}

impl Transport {
    /// Writes `operation` as an HTTP request to the service at `base`.
    ///
    /// # Errors
    ///
    /// [`Error::Unroutable`] if the path does not come out as its template says.
    pub fn request<O: Operation>(
        self,
        operation: &O,
        base: &BaseUrl,
        license: &License,
    ) -> Result<Request<Bytes>, Error> {
        match (self, operation.route()) {
            (Self::Routes, Some(template)) => routes::request(template, &operation.members(), base, license),
            (Self::Reply, _) | (Self::Routes, None) => {
                Ok(reply::request(&operation.members(), base, license))
            }
        }
    }

    /// What the request is known as without its values: the span attribute `url.template`.
    #[must_use]
    pub fn template<O: Operation>(self, operation: &O) -> &'static str {
        match (self, operation.route()) {
            (Self::Routes, Some(template)) => template,
            (Self::Reply, _) | (Self::Routes, None) => reply::PATH,
        }
    }
}

/// The path of the readiness probe.
pub(super) const PROBE: &str = "csv/metadata?op=CustomerExtension";

/// The readiness probe: the published page of the service. It changes nothing and needs no licence.
#[must_use]
pub fn probe(base: &BaseUrl) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = base.with_path(PROBE);
    request
}

/// What every request says of the answer: CSV and nothing else (HTML and JSON win over it wherever they appear), and
/// not one that a cache kept.
fn expect_csv(mut request: Request<Bytes>) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert(ACCEPT, http::HeaderValue::from_static("text/csv"));
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-cache"));
    request
}
