//! Why a body is not the table that was asked for.
//!
//! Like [`jsv::Error`], it repeats nothing of the input.

use std::fmt;

use serde::{de, ser};

use crate::codec::jsv;

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The body has no text, at most a byte order mark: the service answered null.
    Empty,
    /// The body is not UTF-8.
    Encoding,
    /// The text breaks the grammar of rows and cells.
    Syntax,
    /// The body ends inside a cell, or its last row has no line end.
    Truncated,
    /// The header names no column of the type, or any column twice.
    Header,
    /// The header names more columns than [`MAX_COLUMNS`](super::MAX_COLUMNS).
    Columns,
    /// A row has more or fewer cells than the header.
    CellCount,
    /// One row was expected and there is none.
    NoRow,
    /// One row was expected and there are several.
    ManyRows,
    /// What a cell holds is wrong in this way.
    Cell(jsv::Category),
}

/// An error of reading or writing CSV: a category, a place and fixed words.
pub struct Error(Box<Inner>);

struct Inner {
    category: Category,
    offset: usize,
    message: Box<str>,
    row: Option<usize>,
    column: Option<&'static str>,
    /// The path inside the cell.
    inside: String,
}

// === impl Error ===

impl Error {
    pub(super) fn new(category: Category, offset: usize, message: &str) -> Self {
        Self(Box::new(Inner {
            category,
            offset,
            message: message.into(),
            row: None,
            column: None,
            inside: String::new(),
        }))
    }

    /// The error of what a cell holds; `offset` is its place in the whole body.
    pub(super) fn of_cell(error: &jsv::Error, offset: usize, column: Option<&'static str>) -> Self {
        let mut new = Self::new(Category::Cell(error.category()), offset, error.message());
        new.0.column = column;
        new.0.inside = error.path();
        new
    }

    pub(super) fn in_row(mut self, row: usize) -> Self {
        self.0.row = Some(row);
        self
    }

    /// The byte of the body at which it went wrong; for a value that does not fit, its first byte.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.category
    }

    /// Where in the value it went wrong, such as `ExtensionLst[3].i_account`, with the index of the row before it
    /// where the value is a list of rows: `[1].ExtensionLst[3].i_account`. Empty for what concerns the body.
    #[must_use]
    pub fn path(&self) -> String {
        let Inner {
            row, column, inside, ..
        } = &*self.0;
        let mut path = row.map(|row| format!("[{row}]")).unwrap_or_default();
        for part in [column.unwrap_or_default(), inside] {
            if !path.is_empty() && !part.is_empty() && !part.starts_with('[') {
                path.push('.');
            }
            path.push_str(part);
        }
        path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{} at byte {}", self.0.message, self.0.offset)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("category", &self.category())
            .field("offset", &self.offset())
            .field("path", &self.path())
            .field("message", &self.0.message)
            .finish()
    }
}

impl std::error::Error for Error {}

/// What serde says of a row gets its category and its words from [`jsv::Error`], which knows what is safe to keep.
impl From<jsv::Error> for Error {
    fn from(error: jsv::Error) -> Self {
        Self::of_cell(&error, 0, None)
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        <jsv::Error as de::Error>::custom(text).into()
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        jsv::Error::invalid_type(unexpected, expected).into()
    }

    fn missing_field(field: &'static str) -> Self {
        jsv::Error::missing_field(field).into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        jsv::Error::duplicate_field(field).into()
    }
}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        <jsv::Error as ser::Error>::custom(text).into()
    }
}
