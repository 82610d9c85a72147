//! From an HTTP answer to the upstream's response type.
//!
//! The HTTP status is the only reliable signal: an error may come with the body of a legal empty answer. So a body is
//! read with status 200 only, and never believed to be empty without a sign that the service wrote it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;

use super::{Effect, Error, Kind, budget};
use crate::codec::csv;
use crate::wire::Answer;

/// Decodes the body of an answer that [`check`] lets through, to an operation that takes these columns of it.
///
/// # Errors
///
/// [`Error::Undecodable`] and [`Error::Blank`] for what is not an answer, [`Error::TooMany`] for one of too many rows or
/// columns, [`Error::ColumnMissing`] for one that does not say what it was asked for.
pub fn decode(body: &[u8], columns: &[&'static str]) -> Result<Answer, Error> {
    let answer: Answer = read(body, columns)?;
    if is_blank(columns_set(&answer)) {
        Err(Error::Blank)
    } else {
        Ok(answer)
    }
}

/// Reads the one row of `body`, whose header must name each of `columns`.
///
/// The service writes every column in every answer, be there something in it or not. One that is not in the header was
/// renamed or damaged: what it held is in the body, under a name that nobody asks for, and must not pass for nothing.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], columns: &[&'static str]) -> Result<T, Error> {
    let (row, header) = csv::one_with_header(body, budget::of(body)).map_err(budget::error_of_body)?;
    match columns.iter().find(|column| !header.has(column)) {
        Some(column) => Err(Error::ColumnMissing { column }),
        None => Ok(row),
    }
}

/// Whether the body of an answer with this head is worth reading: any other status or media type decides by itself.
#[must_use]
pub fn wants_body(status: StatusCode, headers: &HeaderMap) -> bool {
    // A null result has no media type at all.
    status == StatusCode::OK && (is_csv(headers) || !headers.contains_key(CONTENT_TYPE))
}

/// Whether this may be the answer to an operation with this effect: all that can be said without decoding the body.
///
/// # Errors
///
/// [`Error::Status`] for any status but 200; [`Error::Empty`] and [`Error::NotCsv`].
pub fn check(answer: &Response<Bytes>, effect: Effect) -> Result<(), Error> {
    let (status, headers) = (answer.status(), answer.headers());
    let csv = is_csv(headers);
    match status {
        // A service that returns null: one build of the upstream says it with 204, another with 200 and no body.
        StatusCode::NO_CONTENT => Err(Error::Empty),
        StatusCode::OK if !wants_body(status, headers) => Err(Error::NotCsv),
        StatusCode::OK if answer.body().is_empty() => Err(Error::Empty),
        StatusCode::OK if csv => Ok(()),
        StatusCode::OK => Err(Error::NotCsv),
        _ => Err(Error::Status {
            status,
            kind: kind_of_status(status, csv, effect),
            csv,
            retry_after: retry_after(headers),
        }),
    }
}

/// What a status other than 200 means. The table is in `docs/errors.md`.
pub(super) fn kind_of_status(status: StatusCode, csv: bool, effect: Effect) -> Kind {
    match status.as_u16() {
        400 => Kind::Refused,
        401 | 403 => Kind::LicenseRejected,
        404 if csv => Kind::NotFound,
        404 | 405 | 501 => Kind::NoOperation,
        409 => match effect {
            Effect::Add => Kind::AlreadyExists,
            Effect::Read | Effect::Change => Kind::Conflict,
        },
        429 => Kind::RateLimited,
        500 => Kind::Failed,
        502 | 503 => Kind::Unavailable,
        504 => Kind::Elapsed,
        _ => Kind::UnexpectedStatus,
    }
}

/// Whether the media type is `text/csv`, whatever its case and parameters.
fn is_csv(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("text/csv")
}

/// The wait that the upstream asks for in seconds. The form with a date is ignored: its clock is not ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Which columns of an answer are set.
fn columns_set(answer: &Answer) -> [bool; 8] {
    let Answer {
        calls,
        extensions,
        extension,
        extension_deleted,
        extension_statuses,
        license,
        content_id,
        feature_name,
    } = answer;
    [
        calls.is_some(),
        extensions.is_some(),
        extension.is_some(),
        *extension_deleted,
        extension_statuses.is_some(),
        license.is_some(),
        *content_id != 0,
        feature_name.is_some(),
    ]
}

/// Whether nothing is set: no list, not even an empty one, and no echo of the licence, which every answer has. `set`
/// tells this for each column that a sound answer may have. Such a body comes with an error; if the status is 200,
/// something in between has lost the error.
pub(super) fn is_blank(set: impl IntoIterator<Item = bool>) -> bool {
    !set.into_iter().any(|is_set| is_set)
}

#[cfg(test)]
mod tests;
