//! Why a text is not the JSV that was asked for.
//!
//! The input is a customer's data, so nothing of it reaches a message: serde's own texts, which quote the value they
//! complain about, are dropped; schema names, numbers and fixed words are kept.

use std::borrow::Cow;
use std::fmt;

use serde::{de, ser};

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The text breaks the grammar.
    Syntax,
    /// The text ends in the middle of a value.
    Truncated,
    /// Text follows the end of the value.
    Trailing,
    /// Objects and lists are nested more than [`MAX_DEPTH`](super::MAX_DEPTH) levels deep.
    Depth,
    /// Lists hold more than the [`Budget`](super::Budget) allows.
    Budget,
    /// One member is given twice, counting names that differ only in case.
    Duplicate,
    /// A value does not fit the type it is for.
    Data,
}

/// An error of reading or writing JSV: a category, a place and fixed words.
pub struct Error(Box<Inner>);

struct Inner {
    category: Category,
    /// `None` until a caller that knows the place sets it: serde's constructors do not know it.
    offset: Option<usize>,
    message: Cow<'static, str>,
    /// Innermost first: each level adds itself as the error passes.
    path: Vec<Step>,
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    /// A member of a struct, by its name in the schema.
    Member(&'static str),
    /// An element of a list.
    Index(usize),
}

// === impl Error ===

impl Error {
    pub(super) fn new(category: Category, offset: usize, message: &'static str) -> Self {
        Self(Box::new(Inner {
            category,
            offset: Some(offset),
            message: Cow::Borrowed(message),
            path: Vec::new(),
        }))
    }

    /// The error of a list that has an element at `offset` which is more than the budget allows.
    pub(super) fn over_budget(offset: usize) -> Self {
        Self::new(Category::Budget, offset, "lists hold more than is read of them")
    }

    fn unplaced(category: Category, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            category,
            offset: None,
            message: message.into(),
            path: Vec::new(),
        }))
    }

    /// The error of writing a type that no wire type has.
    pub(crate) fn unsupported() -> Self {
        Self::unplaced(
            Category::Data,
            "only texts, bool, i32, f64, options, lists and structs can be written",
        )
    }

    /// Gives the error the place `offset` if it has none yet.
    pub(super) fn at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    /// The byte of the text at which it went wrong; for a value that does not fit, its first byte.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset.unwrap_or(0)
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.category
    }

    /// Where in the value it went wrong, such as `[3].i_account`; empty at the top.
    ///
    /// Names are the schema's, whatever case the text has.
    #[must_use]
    pub fn path(&self) -> String {
        use fmt::Write as _;

        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            let written = match step {
                Step::Member(name) if path.is_empty() => write!(path, "{name}"),
                Step::Member(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
            debug_assert!(written.is_ok(), "a String takes every write");
        }
        path
    }

    /// What is wrong, in fixed words and schema names.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{} at byte {}", self.message(), self.offset())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("category", &self.category())
            .field("offset", &self.offset())
            .field("path", &self.path())
            .field("message", &self.message())
            .finish()
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::unplaced(Category::Data, "a value does not fit its type")
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::unplaced(Category::Data, format!("expected {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::unplaced(Category::Data, format!("expected {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::unplaced(Category::Data, format!("{length} elements, expected {expected}"))
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::unplaced(Category::Data, "a name that is not one of its type's")
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::unplaced(Category::Data, "a member that its type does not have")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::unplaced(Category::Data, format!("the member {field} is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::unplaced(Category::Duplicate, format!("the member {field} is given twice"))
    }
}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::unplaced(Category::Data, "a value cannot be written")
    }
}
