//! Structs to rows of a table, as the upstream writes them.

use std::fmt::{Display, Write as _};

use csv_core::{QuoteStyle, WriteResult, WriterBuilder};
use memchr::memchr_iter;
use serde::ser::{self, Impossible, Serialize};

use super::error::Error;
use super::style::Style;
use crate::codec::jsv::{self, Compound, EmptyText, Presence, refuse, refuse_other_types};

/// Writes `rows` as a table whose columns are the fields of `T`.
///
/// A field that is skipped is an empty cell, so that every row has every column. No rows give no bytes, which is also
/// what the upstream answers for a null list: without a row there is no header.
///
/// # Errors
///
/// `T` is not a struct, or a value cannot be written as JSV.
pub fn to_vec<T: Serialize>(rows: &[T], style: Style) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index == 0 {
            row.serialize(RowWriter::new(&mut out, style, Part::Header))?;
        }
        row.serialize(RowWriter::new(&mut out, style, Part::Cells))
            .map_err(|error| error.in_row(index))?;
    }
    Ok(out)
}

/// Writes a table of the one row `row`.
///
/// # Errors
///
/// As [`to_vec`].
pub fn one_to_vec<T: Serialize>(row: &T, style: Style) -> Result<Vec<u8>, Error> {
    to_vec(std::slice::from_ref(row), style)
}

/// What is written of a struct: the names of its fields, or their values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Cells,
}

/// The serializer of one row.
struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    style: Style,
    part: Part,
    first: bool,
    /// The text of the cell at hand, kept to use its memory again.
    cell: String,
}

/// The serializer of one cell, before the cell is quoted: text as it is, everything else as JSV.
struct CellWriter<'a> {
    out: &'a mut String,
    empty: EmptyText,
}

/// Appends `text` as a cell.
///
/// An empty cell is nothing, even alone in its row: csv-core would write two quotes there, the upstream a blank line.
fn push_cell(out: &mut Vec<u8>, text: &str, quotes: QuoteStyle) {
    if text.is_empty() {
        return;
    }
    let mut writer = WriterBuilder::new().quote_style(quotes).build();
    let doubled = memchr_iter(b'"', text.as_bytes()).count();
    let start = out.len();
    out.resize(start + text.len() + doubled + 2, 0);
    let (field, _, length) = writer.field(text.as_bytes(), &mut out[start..]);
    let (finish, closing) = writer.finish(&mut out[start + length..]);
    debug_assert_eq!(
        (field, finish),
        (WriteResult::InputEmpty, WriteResult::InputEmpty)
    );
    out.truncate(start + length + closing);
}

// === impl RowWriter ===

impl<'a> RowWriter<'a> {
    fn new(out: &'a mut Vec<u8>, style: Style, part: Part) -> Self {
        Self {
            out,
            style,
            part,
            first: true,
            cell: String::new(),
        }
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn quotes(&self) -> QuoteStyle {
        if self.style.quote_brackets && self.cell.starts_with(['[', '{']) {
            QuoteStyle::Always
        } else {
            QuoteStyle::Necessary
        }
    }
}

impl ser::SerializeStruct for RowWriter<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.separate();
        match self.part {
            Part::Header => push_cell(self.out, name, QuoteStyle::Never),
            Part::Cells => {
                self.cell.clear();
                value
                    .serialize(CellWriter {
                        out: &mut self.cell,
                        empty: self.style.empty_text,
                    })
                    .map_err(|error| Error::of_cell(&error, 0, Some(name)))?;
                push_cell(self.out, &self.cell, self.quotes());
            }
        }
        Ok(())
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), Error> {
        self.serialize_field(name, &None::<&str>)
    }

    fn end(self) -> Result<(), Error> {
        self.out.extend_from_slice(self.style.line_end.bytes());
        Ok(())
    }
}

fn not_a_struct() -> Error {
    ser::Error::custom("a row is written from a struct")
}

impl ser::Serializer for RowWriter<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeStruct = Self;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    refuse! {
        not_a_struct();
        serialize_bool(bool) -> ();
        serialize_i32(i32) -> ();
        serialize_f64(f64) -> ();
        serialize_str(&str) -> ();
        serialize_none() -> ();
        serialize_some<T>(&T) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
    }

    refuse_other_types!(not_a_struct());
}

// === impl CellWriter ===

impl<'a> CellWriter<'a> {
    fn jsv(self) -> jsv::Serializer<'a> {
        jsv::Serializer::new(self.out, self.empty)
    }
}

impl<'a> ser::Serializer for CellWriter<'a> {
    type Ok = Presence;
    type Error = jsv::Error;
    type SerializeSeq = Compound<'a>;
    type SerializeStruct = Compound<'a>;

    fn serialize_str(self, text: &str) -> Result<Presence, jsv::Error> {
        self.out.push_str(text);
        Ok(Presence::Present)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Presence, jsv::Error> {
        write!(self.out, "{value}").map_err(<jsv::Error as ser::Error>::custom)?;
        Ok(Presence::Present)
    }

    fn serialize_bool(self, value: bool) -> Result<Presence, jsv::Error> {
        self.jsv().serialize_bool(value)
    }

    fn serialize_i32(self, value: i32) -> Result<Presence, jsv::Error> {
        self.jsv().serialize_i32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<Presence, jsv::Error> {
        self.jsv().serialize_f64(value)
    }

    fn serialize_none(self) -> Result<Presence, jsv::Error> {
        Ok(Presence::Absent)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Presence, jsv::Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a>, jsv::Error> {
        self.jsv().serialize_seq(length)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Compound<'a>, jsv::Error> {
        self.jsv().serialize_struct(name, length)
    }

    refuse_other_types!(jsv::Error::unsupported());
}
