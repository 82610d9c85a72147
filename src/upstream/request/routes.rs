//! The published routes: every member is one segment of the path.
//!
//! The path is built as text and checked as text. URL libraries do not serve here: they resolve `..` and `%2e%2e` into
//! another route, and drop what they take for a dot segment.

use std::borrow::Cow;

use bytes::Bytes;
use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::upstream::value::clash;
use crate::upstream::{BaseUrl, Error, License, Members};

/// All but letters, digits, `-`, `_`, `~` and dots.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b'.');

pub(super) fn request(
    template: &'static str,
    members: &Members,
    base: &BaseUrl,
    license: &License,
) -> Result<Request<Bytes>, Error> {
    let value = |name: &str| {
        if name == "License" {
            Some(license.expose())
        } else {
            members.get(name)
        }
    };
    // The caller's texts were checked together; a pair that meets here all the same is a defect of the gateway. The
    // licence was checked to hold no part of a pair.
    if clash(&members.iter().map(|(_, text)| text)).is_some() {
        return Err(Error::Unroutable { template });
    }
    let path = fill(template, value).filter(|path| fits(path, template, value));
    let path = path.ok_or(Error::Unroutable { template })?;
    let mut request = Request::new(Bytes::new());
    // The suffix protects a last value that ends in ".json": only the last suffix chooses the format.
    *request.uri_mut() = base.with_path(&format!("{path}.csv"));
    Ok(request)
}

/// Writes the template with its placeholders replaced; `None` if a value is missing.
fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let segments: Option<Vec<Cow<'_, str>>> = template
        .split('/')
        .map(|segment| match placeholder(segment) {
            None => Some(Cow::Borrowed(segment)),
            Some(name) => value(name).map(|text| Cow::Owned(encode(text))),
        })
        .collect();
    segments.map(|segments| segments.join("/"))
}

/// Whether a host that splits the path and decodes its segments gets the template's literals and the very values.
fn fits<'a>(path: &str, template: &str, value: impl Fn(&str) -> Option<&'a str>) -> bool {
    let mut segments = path.split('/');
    let all = template.split('/').all(|expected| {
        let Some(segment) = segments.next() else {
            return false;
        };
        let Ok(text) = percent_decode_str(segment).decode_utf8() else {
            return false;
        };
        let in_place = !matches!(&*text, "" | "." | "..") && !text.contains(['/', '\\']);
        let wanted = match placeholder(expected) {
            None => Some(expected),
            Some(name) => value(name),
        };
        in_place && Some(&*text) == wanted
    });
    all && segments.next().is_none()
}

/// The name in a segment such as `{Name}`.
fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Encodes a value. Dots at the ends are encoded too: hosts on Windows drop them there.
fn encode(text: &str) -> String {
    let dots_before = text.len() - text.trim_start_matches('.').len();
    let inner = text.trim_matches('.');
    let dots_after = text.len() - dots_before - inner.len();
    let mut encoded = "%2E".repeat(dots_before);
    encoded.extend(utf8_percent_encode(inner, RESERVED));
    encoded.push_str(&"%2E".repeat(dots_after));
    encoded
}

#[cfg(test)]
mod tests;
