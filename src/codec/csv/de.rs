//! A body to rows, and a row to a struct.

use std::borrow::Cow;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};

use super::cell::CellReader;
use super::error::{Category, Error};
use super::header::{Header, MAX_COLUMNS};
use super::scan::{Cell, Rows};
use crate::codec::jsv::Budget;

/// Reads every row of `body`.
///
/// `T` is a struct whose fields are the columns.
///
/// # Errors
///
/// The body is not CSV as the upstream writes it, its header is not that of `T`, or a cell does not fit its field.
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Error> {
    let mut table = Table::open::<T>(body, Budget::UNLIMITED)?;
    let mut rows = Vec::new();
    while let Some(row) = table.next().map_err(|error| error.in_row(rows.len()))? {
        rows.push(row);
    }
    Ok(rows)
}

/// Reads the one row of `body`.
///
/// # Errors
///
/// As [`from_slice`], and if there is no row or more than one.
pub fn one_from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    one_with_header(body, Budget::UNLIMITED).map(|(row, _)| row)
}

/// Reads the one row of `body`, and tells which columns it has. Lists in its cells hold no more than `budget` together.
///
/// # Errors
///
/// As [`one_from_slice`], and if the budget does not suffice.
pub fn one_with_header<T: DeserializeOwned>(body: &[u8], budget: Budget) -> Result<(T, Header), Error> {
    let mut table = Table::open::<T>(body, budget)?;
    let Some(row) = table.next()? else {
        return Err(Error::new(
            Category::NoRow,
            table.rows.offset(),
            "the header has no row after it",
        ));
    };
    let end = table.rows.offset();
    // Any next row is one too many, whether or not it fits the type. If it breaks the grammar, that error comes first.
    if table.rows.skip_row()? {
        return Err(Error::new(Category::ManyRows, end, "more than one row"));
    }
    Ok((row, table.header))
}

/// A body whose header is read.
struct Table<'b> {
    rows: Rows<'b>,
    header: Header,
    /// The cells of the row at hand.
    cells: Vec<Cell<'b>>,
    /// What is left of it.
    budget: Budget,
}

/// One row as a deserializer.
struct Row<'t> {
    header: &'t Header,
    cells: &'t [Cell<'t>],
    /// The text of each cell that belongs to a field; they live as long as the row, so that a value may borrow.
    texts: &'t [Cow<'t, str>],
    budget: &'t mut Budget,
}

/// The cells of a row that belong to a field.
struct Columns<'t> {
    row: Row<'t>,
    next: usize,
}

impl<'b> Table<'b> {
    fn open<T: DeserializeOwned>(body: &'b [u8], budget: Budget) -> Result<Self, Error> {
        let mut rows = Rows::new(body)?;
        let mut cells = Vec::new();
        rows.next_row(&mut cells, MAX_COLUMNS)?;
        if let Some(cell) = cells.get(MAX_COLUMNS) {
            return Err(Error::new(
                Category::Columns,
                cell.offset(),
                "the header has more columns than are read",
            ));
        }
        let header = Header::of::<T>(&cells)?;
        Ok(Self {
            rows,
            header,
            cells,
            budget,
        })
    }

    fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let start = self.rows.offset();
        if !self.rows.next_row(&mut self.cells, self.header.len())? {
            return Ok(None);
        }
        if self.cells.len() != self.header.len() {
            return Err(Error::new(
                Category::CellCount,
                start,
                "a row has not as many cells as the header",
            ));
        }
        let texts: Vec<_> = (0..)
            .zip(&self.cells)
            .map(|(column, cell)| self.header.field(column).map(|_| cell.text()).unwrap_or_default())
            .collect();
        T::deserialize(Row {
            header: &self.header,
            cells: &self.cells,
            texts: &texts,
            budget: &mut self.budget,
        })
        .map(Some)
    }
}

impl<'de> de::Deserializer<'de> for Row<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Columns { row: self, next: 0 })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while self.next < self.row.cells.len() {
            if let Some(field) = self.row.header.field(self.next) {
                return seed.deserialize(field.into_deserializer()).map(Some);
            }
            self.next += 1;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Row {
            header,
            cells,
            texts,
            ref mut budget,
        } = self.row;
        let column = self.next;
        self.next += 1;
        seed.deserialize(CellReader::new(&texts[column], budget))
            .map_err(|error| {
                Error::of_cell(
                    &error,
                    cells[column].offset_in_body(error.offset()),
                    header.field(column),
                )
            })
    }
}
