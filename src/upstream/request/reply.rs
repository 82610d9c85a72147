//! The reply route: all members as a form. A CSV body, as the published page shows it, is answered with 400 by v3 hosts.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};

use crate::upstream::{BaseUrl, License, Members};

/// The path of the reply route.
pub(super) const PATH: &str = "csv/reply/CustomerExtension";

pub(super) fn request(members: &Members, base: &BaseUrl, license: &License) -> Request<Bytes> {
    let form = Serializer::new(String::new())
        .append_pair("License", license.expose())
        .extend_pairs(members.iter())
        .finish();
    let mut request = Request::new(Bytes::from(form));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = base.with_path(PATH);
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request
}
