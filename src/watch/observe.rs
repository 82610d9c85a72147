//! From the body of a poll to rows, decoding only what is new.
//!
//! ```text
//!   the body is the last one's           nothing is decoded
//!   a column is the last one's           its rows are kept
//!   a status row is one of the last's    the row is kept
//!   everything else                      decoded
//! ```
//!
//! A call's row moves on every poll with its duration, so calls are kept as a whole or not at all.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::history::{CallRow, StatusRow};
use crate::convert::{to_active_calls, to_extension_status};
use crate::upstream::Error;
use crate::upstream::columns::{Columns, Statuses, read_calls, read_status};

/// Reads the polls of one feed, one after another.
#[derive(Debug)]
pub(super) struct Observer {
    zone: TimeZone,
    body: Bytes,
    calls: Column<CallRow>,
    statuses: Column<StatusRow>,
}

/// What a poll shows.
#[derive(Debug)]
pub(super) enum Seen {
    /// The very bytes of the last good poll.
    Same,
    /// Rows, in the upstream's order.
    Rows {
        calls: Vec<Arc<CallRow>>,
        statuses: Vec<Arc<StatusRow>>,
    },
}

/// A column of the last good poll: its text, where in it the rows are (of statuses only), and the rows.
#[derive(Debug)]
struct Column<R> {
    text: String,
    elements: Vec<Range<usize>>,
    rows: Vec<Arc<R>>,
}

impl<R> Column<R> {
    fn weight(&self) -> usize {
        let (elements, rows) = (size_of_val(&*self.elements), size_of_val(&*self.rows));
        self.text.len() + elements + rows
    }
}

impl<R> Default for Column<R> {
    fn default() -> Self {
        Self {
            text: String::new(),
            elements: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl Observer {
    /// Reads times without a zone in `zone`.
    pub(super) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            body: Bytes::new(),
            calls: Column::default(),
            statuses: Column::default(),
        }
    }

    /// Reads the body of a poll.
    ///
    /// # Errors
    ///
    /// It cannot be decoded; what was kept stays.
    pub(super) fn read(&mut self, body: Bytes) -> Result<Seen, Error> {
        if !self.body.is_empty() && body == self.body {
            return Ok(Seen::Same);
        }
        let Columns { calls, statuses } = Columns::read(&body)?;
        let calls = self.read_calls(calls)?;
        let statuses = self.read_statuses(statuses)?;
        (self.body, self.calls, self.statuses) = (body, calls, statuses);
        Ok(Seen::Rows {
            calls: self.calls.rows.clone(),
            statuses: self.statuses.rows.clone(),
        })
    }

    /// How many bytes of memory it takes to compare the next poll with the last, without the rows.
    pub(super) fn weight(&self) -> usize {
        self.body.len() + self.calls.weight() + self.statuses.weight()
    }

    /// The rows of the last good poll.
    pub(super) fn rows(&self) -> (Vec<Arc<CallRow>>, Vec<Arc<StatusRow>>) {
        (self.calls.rows.clone(), self.statuses.rows.clone())
    }

    /// Takes the next body for another one, whatever its bytes.
    pub(super) fn forget(&mut self) {
        self.body.clear();
    }

    fn read_calls(&self, text: String) -> Result<Column<CallRow>, Error> {
        let rows = if text == self.calls.text {
            self.calls.rows.clone()
        } else {
            let calls = to_active_calls(read_calls(&text)?, &self.zone);
            calls.into_iter().map(CallRow::new).map(Arc::new).collect()
        };
        let elements = Vec::new();
        Ok(Column { text, elements, rows })
    }

    fn read_statuses(&self, text: String) -> Result<Column<StatusRow>, Error> {
        let mut known = Known::new(&self.statuses);
        let mut rows = Vec::with_capacity(self.statuses.rows.len());
        let mut elements = Vec::with_capacity(self.statuses.elements.len());
        let mut reader = Statuses::of(&text)?;
        while let Some(element) = reader.next_element(known.guess())? {
            let element_text = &text[element.clone()];
            let row = if let Some(row) = known.find(element_text) {
                row.clone()
            } else {
                let status = to_extension_status(read_status(element_text)?);
                Arc::new(StatusRow::new(&status))
            };
            rows.push(row);
            elements.push(element);
        }
        Ok(Column { text, elements, rows })
    }
}

/// The rows of the last poll by their text, walked along with the new ones.
///
/// Rows keep their order, so a row is found where it was, or one place off after a row came or went.
struct Known<'c> {
    column: &'c Column<StatusRow>,
    position: usize,
}

impl<'c> Known<'c> {
    fn new(column: &'c Column<StatusRow>) -> Self {
        Self { column, position: 0 }
    }

    fn text(&self, position: usize) -> Option<&'c str> {
        let element = self.column.elements.get(position)?;
        Some(&self.column.text[element.clone()])
    }

    /// The element that is likely to come next.
    fn guess(&self) -> Option<&'c str> {
        self.text(self.position)
    }

    /// The row whose text `element` is, and a step on.
    fn find(&mut self, element: &str) -> Option<&'c Arc<StatusRow>> {
        let here = self.position;
        let found = [Some(here), here.checked_add(1), here.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(|&position| self.text(position) == Some(element));
        self.position = found.unwrap_or(here) + 1;
        found.map(|position| &self.column.rows[position])
    }
}

#[cfg(test)]
mod tests;
