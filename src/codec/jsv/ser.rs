//! serde's data model to JSV text, as the upstream writes it.

mod compound;

use std::fmt::{Display, Write as _};

use serde::ser::{self, Serialize};

pub use self::compound::Compound;
use super::error::Error;
use super::scalar;

/// Writes `value` as JSV.
///
/// # Errors
///
/// A map has a key that is not a scalar, or the value is a byte array.
pub fn to_string<T: Serialize + ?Sized>(value: &T, empty: EmptyText) -> Result<String, Error> {
    let mut out = String::new();
    value.serialize(Serializer::new(&mut out, empty))?;
    Ok(out)
}

/// How a text of no characters is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EmptyText {
    /// As nothing at all, like versions before 4.0.17: `{note:}`. In a list it cannot be told from null.
    Omitted,
    /// As two quotes, like every later version: `{note:""}`.
    Quoted,
}

/// Whether a value has left anything to write: a member or entry without a value is left out whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The value is written, perhaps as a text of no characters.
    Present,
    /// There was no value.
    Absent,
}

/// A writer of one value, which it appends to a text.
#[derive(Debug)]
pub struct Serializer<'a> {
    out: &'a mut String,
    empty: EmptyText,
}

impl<'a> Serializer<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut String, empty: EmptyText) -> Self {
        Self { out, empty }
    }

    fn display(self, value: impl Display) -> Presence {
        let written = write!(self.out, "{value}");
        debug_assert!(written.is_ok(), "a String takes every write");
        Presence::Present
    }

    fn text(self, text: &str, special: fn(char) -> bool) -> Presence {
        if text.is_empty() {
            self.out.push_str(match self.empty {
                EmptyText::Omitted => "",
                EmptyText::Quoted => "\"\"",
            });
        } else if text.contains(special) {
            self.out.push('"');
            self.out.push_str(&text.replace('"', "\"\""));
            self.out.push('"');
        } else {
            self.out.push_str(text);
        }
        Presence::Present
    }

    fn open(self, open: &str, close: &'static str) -> Compound<'a> {
        Compound::open(self.out, self.empty, open, close)
    }
}

/// Whether a text that has `c` must be quoted to be read back.
fn needs_quotes(c: char) -> bool {
    matches!(c, '"' | ',' | '{' | '}' | '[' | ']' | '\r' | '\n')
}

/// Whether the upstream quotes a string that has `c`: the colon is one more than is needed.
fn is_quoted_in_strings(c: char) -> bool {
    c == ':' || needs_quotes(c)
}

macro_rules! integers {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<Presence, Error> {
            Ok(self.display(value))
        }
    )*};
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = Presence;
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    integers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    fn serialize_bool(self, value: bool) -> Result<Presence, Error> {
        self.out.push_str(if value { "True" } else { "False" });
        Ok(Presence::Present)
    }

    fn serialize_f32(self, value: f32) -> Result<Presence, Error> {
        scalar::write_float(self.out, value, scalar::SINGLE_PRECISION);
        Ok(Presence::Present)
    }

    fn serialize_f64(self, value: f64) -> Result<Presence, Error> {
        scalar::write_float(self.out, value, scalar::DOUBLE_PRECISION);
        Ok(Presence::Present)
    }

    fn serialize_char(self, value: char) -> Result<Presence, Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<Presence, Error> {
        Ok(self.text(text, is_quoted_in_strings))
    }

    /// A value with a text form of its own, such as a time: unlike a string it may have a colon without quotes.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Presence, Error> {
        Ok(self.text(&value.to_string(), needs_quotes))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Presence, Error> {
        Err(ser::Error::custom("byte arrays have no text form"))
    }

    fn serialize_none(self) -> Result<Presence, Error> {
        Ok(Presence::Absent)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Presence, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Presence, Error> {
        Ok(Presence::Absent)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Presence, Error> {
        Ok(Presence::Absent)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Presence, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Presence, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Presence, Error> {
        let mut object = self.open("{", "}");
        // Unlike a member, the name stays when there is no value: it says which variant it is.
        object.name(variant);
        object.value(value)?;
        Ok(object.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(self.open(&format!("{{{variant}:["), "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(self.open(&format!("{{{variant}:{{"), "}}"))
    }
}
