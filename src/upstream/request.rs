//! Requests, written for their transport: the published GET routes, or the reply route's form.

mod reply;
mod routes;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CACHE_CONTROL};

use super::{BaseUrl, Error, License, Operation, Transport};

/// Writes `operation` as a request to the service at `base`, and gives its path without the values: the span attribute
/// `url.template`.
///
/// # Errors
///
/// [`Error::Unroutable`] if the path does not come out as its template says.
pub(super) fn write<O: Operation>(
    transport: Transport,
    operation: &O,
    base: &BaseUrl,
    license: &License,
) -> Result<(Request<Bytes>, &'static str), Error> {
    let members = operation.members();
    let (request, template) = match (transport, operation.route()) {
        (Transport::Routes, Some(template)) => {
            (routes::request(template, &members, base, license)?, template)
        }
        (Transport::Reply, _) | (Transport::Routes, None) => {
            (reply::request(&members, base, license), reply::PATH)
        }
    };
    Ok((expect_csv(request), template))
}

/// The path of the readiness probe.
pub(super) const PROBE: &str = "csv/metadata?op=CustomerExtension";

/// The readiness probe: the published page of the service. It changes nothing and needs no licence.
pub(super) fn probe(base: &BaseUrl) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = base.with_path(PROBE);
    request
}

/// What the request of every operation asks of its answer: CSV and nothing else (HTML and JSON win over it wherever
/// they appear), and not from a cache.
fn expect_csv(mut request: Request<Bytes>) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert(ACCEPT, http::HeaderValue::from_static("text/csv"));
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-cache"));
    request
}
