//! From the body of a poll to rows, decoding only what is new.
//!
//! ```text
//!   the body is the last one's           nothing is decoded
//!   a column is the last one's           its rows are kept
//!   a status row is one of the last's    the row is kept
//!   everything else                      decoded
//! ```
//!
//! What is decoded is checked to be the customer's own; what is kept was checked before.
//!
//! A call's row moves on every poll with its duration, so calls are kept as a whole or not at all.
//!
//! Bodies may be large, and feeds many: of what is only compared as a whole, a hash is kept.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::xxh3_128;

use super::history::{CallRow, StatusRow};
use crate::convert::{Legs, to_extension_status};
use crate::upstream::Error;
use crate::upstream::budget::Budget;
use crate::upstream::columns::{self, Columns, read_calls, read_status, spend_on_calls};
use crate::upstream::customer::{check_call, check_status};
use crate::upstream::value::Id;

/// Reads the polls of one feed, one after another.
#[derive(Debug)]
pub(super) struct Observer {
    i_customer: Id,
    zone: TimeZone,
    /// The hash of the last good poll's body; `None` if there is none, or it is to be read again.
    body: Option<u128>,
    calls: Calls,
    statuses: Statuses,
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

/// The column of calls of the last good poll.
#[derive(Debug, Default)]
struct Calls {
    /// The hash of its text; `None` before the first poll.
    text: Option<u128>,
    rows: Vec<Arc<CallRow>>,
}

/// The column of statuses of the last good poll: its text, where in it the rows are, and the rows.
#[derive(Debug, Default)]
struct Statuses {
    text: String,
    elements: Vec<Range<usize>>,
    rows: Vec<Arc<StatusRow>>,
}

impl Observer {
    /// Reads rows of one customer, and times without a zone in `zone`.
    pub(super) fn new(i_customer: Id, zone: TimeZone) -> Self {
        Self {
            i_customer,
            zone,
            body: None,
            calls: Calls::default(),
            statuses: Statuses::default(),
        }
    }

    /// Reads the body of a poll.
    ///
    /// # Errors
    ///
    /// It cannot be decoded, or is another customer's; what was kept stays.
    pub(super) fn read(&mut self, body: Bytes) -> Result<Seen, Error> {
        let hash = Some(xxh3_128(&body));
        if hash == self.body {
            return Ok(Seen::Same);
        }
        let Columns {
            calls,
            statuses,
            mut budget,
        } = Columns::read(&body)?;
        drop(body);
        let new_calls = self.read_calls(&calls, &mut budget)?;
        drop(calls);
        let statuses = self.read_statuses(statuses, budget)?;
        (self.body, self.calls, self.statuses) = (hash, new_calls, statuses);
        Ok(Seen::Rows {
            calls: self.calls.rows.clone(),
            statuses: self.statuses.rows.clone(),
        })
    }

    /// How many bytes of memory it takes to compare the next poll with the last, without the rows.
    pub(super) fn weight(&self) -> usize {
        let Statuses { text, elements, rows } = &self.statuses;
        let calls = size_of_val(&*self.calls.rows);
        calls + text.len() + size_of_val(&**elements) + size_of_val(&**rows)
    }

    /// The rows of the last good poll.
    pub(super) fn rows(&self) -> (Vec<Arc<CallRow>>, Vec<Arc<StatusRow>>) {
        (self.calls.rows.clone(), self.statuses.rows.clone())
    }

    /// Takes the next body for another one, whatever its bytes.
    pub(super) fn forget(&mut self) {
        self.body = None;
    }

    fn read_calls(&self, text: &str, budget: &mut Budget) -> Result<Calls, Error> {
        let hash = Some(xxh3_128(text.as_bytes()));
        let rows = if hash == self.calls.text {
            spend_on_calls(self.calls.rows.len(), budget)?;
            self.calls.rows.clone()
        } else {
            // One by one: decoded, a call is far larger than its row.
            let (mut legs, mut rows) = (Legs::of_one_answer(&self.zone), Vec::new());
            let mut own = Ok(());
            read_calls(text, budget, |call| {
                if own.is_ok() {
                    own = check_call(self.i_customer, &call);
                    rows.push(Arc::new(CallRow::new(legs.next(call))));
                }
            })?;
            own?;
            rows
        };
        Ok(Calls { text: hash, rows })
    }

    fn read_statuses(&self, text: String, budget: Budget) -> Result<Statuses, Error> {
        let mut known = Known::new(&self.statuses);
        let mut rows = Vec::with_capacity(self.statuses.rows.len());
        let mut elements = Vec::with_capacity(self.statuses.elements.len());
        let mut reader = columns::Statuses::within(&text, budget)?;
        while let Some(element) = reader.next_element(known.guess())? {
            let element_text = &text[element.clone()];
            let row = if let Some(row) = known.find(element_text) {
                row.clone()
            } else {
                let status = read_status(element_text)?;
                check_status(self.i_customer, &status)?;
                Arc::new(StatusRow::new(&to_extension_status(status)))
            };
            rows.push(row);
            elements.push(element);
        }
        Ok(Statuses { text, elements, rows })
    }
}

/// The rows of the last poll by their text, walked along with the new ones.
///
/// Rows keep their order, so a row is found where it was, or one place off after a row came or went.
struct Known<'c> {
    column: &'c Statuses,
    position: usize,
}

impl<'c> Known<'c> {
    fn new(column: &'c Statuses) -> Self {
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
