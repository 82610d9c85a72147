//! Structs to rows of a table, as the upstream writes them.

mod cell;

use serde::ser::{self, Impossible, Serialize};

use self::cell::CellWriter;
use super::error::Error;
use super::style::Style;

/// Writes `rows` as a table whose columns are the fields of `T`.
///
/// A field that is skipped is an empty cell, so that every row has every column. No rows give no bytes, which is also
/// what the upstream answers for a null list: without a row there is no header.
///
/// # Errors
///
/// `T` is not a struct, or a value cannot be written as JSV.
pub fn to_vec<T: Serialize>(rows: &[T], style: Style) -> Result<Vec<u8>, Error> {
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index == 0 {
            row.serialize(RowWriter::new(&mut out, style, Part::Header))?;
        }
        row.serialize(RowWriter::new(&mut out, style, Part::Cells))
            .map_err(|error| error.in_row(index))?;
    }
    Ok(out.into_bytes())
}

/// Writes a table of the one row `row`.
///
/// # Errors
///
/// As [`to_vec`].
pub fn one_to_vec<T: Serialize>(row: &T, style: Style) -> Result<Vec<u8>, Error> {
    to_vec(std::slice::from_ref(row), style)
}

/// Which of its two rows a struct is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Cells,
}

/// The serializer of one row.
struct RowWriter<'a> {
    out: &'a mut String,
    style: Style,
    part: Part,
    first: bool,
    /// The text of the cell at hand, kept for its memory.
    cell: String,
}

impl<'a> RowWriter<'a> {
    fn new(out: &'a mut String, style: Style, part: Part) -> Self {
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
            self.out.push(',');
        }
        self.first = false;
    }

    /// Appends the cell at hand, quoted if the upstream would.
    fn push_cell(&mut self) {
        let brackets = self.style.quote_brackets && self.cell.starts_with(['[', '{']);
        if brackets || self.cell.contains(['"', ',', '\r', '\n']) {
            self.out.push('"');
            self.out.push_str(&self.cell.replace('"', "\"\""));
            self.out.push('"');
        } else {
            self.out.push_str(&self.cell);
        }
    }
}

impl ser::SerializeStruct for RowWriter<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.separate();
        match self.part {
            // The writer does not quote names.
            Part::Header => self.out.push_str(name),
            Part::Cells => {
                self.cell.clear();
                value
                    .serialize(CellWriter::new(&mut self.cell, self.style.empty_text))
                    .map_err(|error| Error::of_cell(&error, 0, Some(name)))?;
                self.push_cell();
            }
        }
        Ok(())
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), Error> {
        self.serialize_field(name, &())
    }

    fn end(self) -> Result<(), Error> {
        self.out.push_str(self.style.line_end.text());
        Ok(())
    }
}

fn not_a_struct<T>() -> Result<T, Error> {
    Err(ser::Error::custom("a row is written from a struct"))
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$ok, Error> {
            not_a_struct()
        }
    )*};
}

type Never = Impossible<(), Error>;

impl ser::Serializer for RowWriter<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Self;
    type SerializeStructVariant = Never;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Error> {
        not_a_struct()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        not_a_struct()
    }

    refused! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }
}
