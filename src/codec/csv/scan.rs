//! The scanner: rows and cells, and nothing of names or types.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::error::{Category, Error};

/// One cell as it stands in the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'b> {
    /// Without the quotes around it, with the quotes inside it still doubled.
    raw: &'b str,
    /// Where `raw` starts in the body.
    offset: usize,
    /// Whether there are quotes inside it.
    doubled: bool,
}

/// The rows of a body, the header being the first.
#[derive(Debug)]
pub(super) struct Rows<'b> {
    text: &'b str,
    position: usize,
}

/// What ended a cell.
#[derive(PartialEq, Eq)]
enum After {
    Cell,
    Row,
}

// === impl Cell ===

impl<'b> Cell<'b> {
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn text(&self) -> Cow<'b, str> {
        if !self.doubled {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(quote) = memchr(b'"', rest.as_bytes()) {
            text.push_str(&rest[..=quote]);
            rest = &rest[quote + 2..];
        }
        text.push_str(rest);
        Cow::Owned(text)
    }

    /// The place in the body of the byte `offset` of [`Self::text`].
    pub(super) fn offset_in_body(&self, offset: usize) -> usize {
        let doubled = memchr_iter(b'"', self.raw.as_bytes())
            .step_by(2)
            .enumerate()
            // Each doubled quote before the place moves the place on by one.
            .take_while(|(pairs, quote)| quote - pairs < offset)
            .count();
        self.offset + offset + doubled
    }
}

// === impl Rows ===

impl<'b> Rows<'b> {
    /// The rows of `body`, past a byte order mark.
    pub(super) fn new(body: &'b [u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(body)
            .map_err(|error| Error::new(Category::Encoding, error.valid_up_to(), "not UTF-8"))?;
        let position = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        if text.len() == position {
            return Err(Error::new(Category::Empty, 0, "the body is empty"));
        }
        Ok(Self { text, position })
    }

    pub(super) fn offset(&self) -> usize {
        self.position
    }

    /// Puts the cells of the next row into `cells`, at most `max` and one more; false if there is no next row.
    ///
    /// If there is one more, the row is not read to its end.
    pub(super) fn next_row(&mut self, cells: &mut Vec<Cell<'b>>, max: usize) -> Result<bool, Error> {
        cells.clear();
        self.row(|cell| {
            cells.push(cell);
            cells.len() <= max
        })
    }

    /// Passes the next row over, its grammar checked; false if there is none.
    pub(super) fn skip_row(&mut self) -> Result<bool, Error> {
        self.row(|_| true)
    }

    /// Gives the cells of the next row to `take` for as long as it wants more; false if there is no next row.
    fn row(&mut self, mut take: impl FnMut(Cell<'b>) -> bool) -> Result<bool, Error> {
        if self.position == self.text.len() {
            return Ok(false);
        }
        loop {
            let cell = if self.peek() == Some(b'"') {
                self.quoted()?
            } else {
                self.bare()?
            };
            if !take(cell) || self.after_cell()? == After::Row {
                return Ok(true);
            }
        }
    }

    fn bare(&mut self) -> Result<Cell<'b>, Error> {
        let offset = self.position;
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'\n' | b'\r' | b'"'))
            .unwrap_or(rest.len());
        self.position += length;
        if self.peek() == Some(b'"') {
            return Err(self.error(Category::Syntax, "a quote inside a cell without quotes"));
        }
        Ok(Cell {
            raw: &self.text[offset..self.position],
            offset,
            doubled: false,
        })
    }

    fn quoted(&mut self) -> Result<Cell<'b>, Error> {
        self.position += 1;
        let offset = self.position;
        let mut doubled = false;
        loop {
            let Some(length) = memchr(b'"', self.rest()) else {
                self.position = self.text.len();
                return Err(self.error(Category::Truncated, "the closing quote of a cell is missing"));
            };
            self.position += length + 1;
            if self.peek() != Some(b'"') {
                let raw = &self.text[offset..self.position - 1];
                return Ok(Cell { raw, offset, doubled });
            }
            doubled = true;
            self.position += 1;
        }
    }

    fn after_cell(&mut self) -> Result<After, Error> {
        let (length, after) = match self.rest() {
            [b',', ..] => (1, After::Cell),
            [b'\n', ..] => (1, After::Row),
            [b'\r', b'\n', ..] => (2, After::Row),
            [] | [b'\r'] => return Err(self.error(Category::Truncated, "the last row has no line end")),
            [b'\r', ..] => return Err(self.error(Category::Syntax, "a carriage return without a line feed")),
            _ => return Err(self.error(Category::Syntax, "text after the closing quote of a cell")),
        };
        self.position += length;
        Ok(after)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn rest(&self) -> &'b [u8] {
        &self.text.as_bytes()[self.position..]
    }

    fn error(&self, category: Category, message: &str) -> Error {
        Error::new(category, self.position, message)
    }
}
