//! How much an answer may hold: what keeps a body within the cap from becoming far more memory than its bytes.
//!
//! Compressed and mostly commas, 16 KiB on the wire are 16 MiB of body, and each three bytes of that can be a row of
//! hundreds. So rows are counted before the list that they go into grows, over all lists of an answer. Texts need no
//! count: they take no more than was written.

use crate::codec::{csv, jsv};

use super::Error;

pub use crate::codec::jsv::Budget;

/// How many rows an answer may have, in all its lists. Real ones have some thousands.
pub const MAX_ROWS: usize = 65_536;

/// How many times the bytes of the body its rows may take in memory. The smallest row that the service writes, with its
/// numbers and flags and no text, takes nine times its bytes; most take about twice.
pub const EXPANSION: usize = 16;

/// What the lists in this body may hold together.
pub(super) fn of(body: &[u8]) -> Budget {
    Budget {
        elements: MAX_ROWS,
        bytes: body.len().saturating_mul(EXPANSION),
    }
}

/// The error of a body that is not the table that was asked for.
pub(super) fn error_of_body(error: csv::Error) -> Error {
    match error.category() {
        csv::Category::Columns | csv::Category::Cell(jsv::Category::Budget) => Error::TooMany(error.into()),
        _ => Error::Undecodable(error),
    }
}

/// The error of a column that is not the list that was asked for.
pub(super) fn error_of_column(error: jsv::Error) -> Error {
    match error.category() {
        jsv::Category::Budget => Error::TooMany(error.into()),
        _ => Error::UndecodableColumn(error),
    }
}
