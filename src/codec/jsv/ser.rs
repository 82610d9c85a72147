//! serde's data model to JSV text, as the upstream writes it.

use std::fmt::{Display, Write as _};

use serde::ser::{self, Serialize};

use super::error::Error;
use super::refuse::refuse_other_types;
use super::scalar;

/// Writes `value` as JSV.
///
/// # Errors
///
/// Something in the value is not text, a `bool`, `i32` or `f64`, an option, a list or a struct.
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

/// Whether there was a value to write. A member without one is left out whole, because with nothing after its colon it
/// would be read as the empty text.
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

/// The writer of an object's members or a list's elements.
#[derive(Debug)]
pub struct Compound<'a> {
    out: &'a mut String,
    empty: EmptyText,
    close: char,
    first: bool,
}

// === impl Serializer ===

impl<'a> Serializer<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut String, empty: EmptyText) -> Self {
        Self { out, empty }
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

    fn open(self, open: char, close: char) -> Compound<'a> {
        self.out.push(open);
        Compound {
            out: self.out,
            empty: self.empty,
            close,
            first: true,
        }
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

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = Presence;
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeStruct = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<Presence, Error> {
        self.out.push_str(if value { "True" } else { "False" });
        Ok(Presence::Present)
    }

    fn serialize_i32(self, value: i32) -> Result<Presence, Error> {
        let written = write!(self.out, "{value}");
        debug_assert!(written.is_ok(), "a String takes every write");
        Ok(Presence::Present)
    }

    fn serialize_f64(self, value: f64) -> Result<Presence, Error> {
        scalar::write_float(self.out, value);
        Ok(Presence::Present)
    }

    fn serialize_str(self, text: &str) -> Result<Presence, Error> {
        Ok(self.text(text, is_quoted_in_strings))
    }

    /// A value with a text form of its own, such as a time: unlike a string it may have a colon without quotes.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Presence, Error> {
        Ok(self.text(&value.to_string(), needs_quotes))
    }

    fn serialize_none(self) -> Result<Presence, Error> {
        Ok(Presence::Absent)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Presence, Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.open('[', ']'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open('{', '}'))
    }

    refuse_other_types!(Error::unsupported());
}

// === impl Compound ===

impl Compound<'_> {
    fn separate(&mut self) {
        if !self.first {
            self.out.push(',');
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Presence, Error> {
        value.serialize(Serializer::new(self.out, self.empty))
    }

    fn close(self) -> Presence {
        self.out.push(self.close);
        Presence::Present
    }
}

impl ser::SerializeSeq for Compound<'_> {
    type Ok = Presence;
    type Error = Error;

    /// An element without a value is nothing between its commas.
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        self.first = false;
        self.value(value).map(drop)
    }

    fn end(self) -> Result<Presence, Error> {
        Ok(self.close())
    }
}

impl ser::SerializeStruct for Compound<'_> {
    type Ok = Presence;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        let start = self.out.len();
        self.separate();
        self.out.push_str(name);
        self.out.push(':');
        match self.value(value)? {
            Presence::Present => self.first = false,
            Presence::Absent => self.out.truncate(start),
        }
        Ok(())
    }

    fn end(self) -> Result<Presence, Error> {
        Ok(self.close())
    }
}
