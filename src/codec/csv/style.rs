//! The ways in which the versions of the upstream write the same table.

use crate::codec::jsv::EmptyText;

/// How a table is written. Reading needs no style: all are read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// What ends each row, the last one included.
    pub line_end: LineEnd,
    /// Whether a cell is quoted merely because it starts with `[` or `{`.
    pub quote_brackets: bool,
    /// How a text of no characters is written inside a list or object.
    pub empty_text: EmptyText,
}

/// The end of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl Style {
    /// Version 3.9 on Linux.
    pub const V3: Self = Self {
        line_end: LineEnd::Lf,
        quote_brackets: false,
        empty_text: EmptyText::Omitted,
    };
    /// Version 3.9 on Windows.
    pub const V3_WINDOWS: Self = Self {
        line_end: LineEnd::CrLf,
        ..Self::V3
    };
    /// Versions 4.0.62 to 4.5.12.
    pub const V4: Self = Self {
        line_end: LineEnd::CrLf,
        quote_brackets: false,
        empty_text: EmptyText::Quoted,
    };
    /// Version 4.5.14 and later.
    pub const V5: Self = Self {
        quote_brackets: true,
        ..Self::V4
    };
}

impl LineEnd {
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}
