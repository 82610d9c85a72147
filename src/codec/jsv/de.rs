//! JSV text to serde's data model, driven by the target type.

mod access;

use std::borrow::Cow;
use std::iter;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Visitor};

use self::access::{Elements, Entries, Members, Variant};
use super::error::{Category, Error};
use super::scalar;
use super::scan::{Bracket, Scanner};

/// Reads one value from the whole of `text`.
///
/// # Errors
///
/// The text is not JSV, does not fit `T`, or goes on after the value.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let mut deserializer = Deserializer::new(text);
    let value = T::deserialize(&mut deserializer).map_err(|error| error.at(0))?;
    deserializer.end()?;
    Ok(value)
}

/// A reader of one value.
#[derive(Debug)]
pub struct Deserializer<'de> {
    scanner: Scanner<'de>,
    place: Place,
}

/// Where the value stands: it decides what a value of no characters means where no text is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing means `None`, and is an error for anything but text, objects and lists.
    Element,
    /// Nothing means that the member is absent: its default. A null *text* would have been left out, so for an
    /// optional text it is `Some("")`.
    Member,
    /// A member that was already promised to be `Some`.
    Optional,
}

impl<'de> Deserializer<'de> {
    /// A reader of the value at the start of `text`.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self {
            scanner: Scanner::new(text),
            place: Place::Element,
        }
    }

    /// Checks that nothing follows the value.
    ///
    /// # Errors
    ///
    /// Text follows it.
    pub fn end(&self) -> Result<(), Error> {
        self.scanner.end()
    }

    /// The scalar at the position, converted by `parse`; `expected` says what it should have been.
    fn scalar<T: Default>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<T, Error> {
        let start = self.scanner.offset();
        if self.scanner.at_nothing() && self.place == Place::Member {
            return Ok(T::default());
        }
        if let Some(b'"' | b'{' | b'[') = self.scanner.peek() {
            return Err(Error::new(Category::Data, start, expected));
        }
        parse(self.scanner.bare()?).ok_or_else(|| Error::new(Category::Data, start, expected))
    }

    /// Whether the value stands for an object or list that is not there; takes it if so.
    fn take_absent(&mut self) -> bool {
        self.scanner.at_nothing() || self.scanner.take_null()
    }

    fn expect(&self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.scanner.peek() == Some(byte) {
            Ok(())
        } else {
            Err(self.scanner.error(Category::Data, expected))
        }
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $parse:expr, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.scalar($parse, $expected)?;
            visitor.$visit(value)
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_str(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    scalars! {
        deserialize_bool visit_bool scalar::parse_bool, "expected True or False";
        deserialize_i8 visit_i8 scalar::parse_integer, "expected an integer of 8 bits";
        deserialize_i16 visit_i16 scalar::parse_integer, "expected an integer of 16 bits";
        deserialize_i32 visit_i32 scalar::parse_integer, "expected an integer of 32 bits";
        deserialize_i64 visit_i64 scalar::parse_integer, "expected an integer of 64 bits";
        deserialize_i128 visit_i128 scalar::parse_integer, "expected an integer of 128 bits";
        deserialize_u8 visit_u8 scalar::parse_integer, "expected an unsigned integer of 8 bits";
        deserialize_u16 visit_u16 scalar::parse_integer, "expected an unsigned integer of 16 bits";
        deserialize_u32 visit_u32 scalar::parse_integer, "expected an unsigned integer of 32 bits";
        deserialize_u64 visit_u64 scalar::parse_integer, "expected an unsigned integer of 64 bits";
        deserialize_u128 visit_u128 scalar::parse_integer, "expected an unsigned integer of 128 bits";
        deserialize_f64 visit_f64 scalar::parse_float, "expected a number";
        deserialize_f32 visit_f64 scalar::parse_float, "expected a number";
    }

    /// Text, a list or an object, by the first character: never a number.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scanner.peek() {
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let start = self.scanner.offset();
        match self.scanner.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
        .map_err(|error: Error| error.at(start))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.place == Place::Member {
            self.place = Place::Optional;
        } else if self.scanner.at_nothing() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.take_absent() {
            return Err(self.scanner.error(Category::Data, "expected nothing"));
        }
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.take_absent() {
            return visitor.visit_seq(SeqDeserializer::new(iter::empty::<()>()));
        }
        self.expect(b'[', "expected a list")?;
        let mut elements = Elements::open(self)?;
        let value = visitor.visit_seq(&mut elements)?;
        elements.end()?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.take_absent() {
            return visitor.visit_map(MapDeserializer::new(iter::empty::<((), ())>()));
        }
        self.expect(b'{', "expected an object")?;
        let mut entries = Entries::open(self)?;
        let value = visitor.visit_map(&mut entries)?;
        entries.end()?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let start = self.scanner.offset();
        if self.take_absent() {
            return visitor.visit_map(MapDeserializer::new(iter::empty::<((), ())>()));
        }
        self.expect(b'{', "expected an object")?;
        let mut members = Members::open(self, fields)?;
        let value = visitor.visit_map(&mut members).map_err(|error| error.at(start))?;
        members.end()?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let start = self.scanner.offset();
        if self.scanner.peek() != Some(b'{') {
            let name = self.scanner.text()?;
            return visitor
                .visit_enum(Variant::unit(variants, &name))
                .map_err(|error| error.at(start));
        }
        if !self.scanner.open(Bracket::Object)? {
            return Err(Error::new(Category::Data, start, "expected one member"));
        }
        let key = self.scanner.raw_key()?;
        let name: Cow<'_, str> = Scanner::new(key).text()?;
        let value = visitor
            .visit_enum(Variant::of(self, variants, &name))
            .map_err(|error| error.at(start))?;
        if self.scanner.more(Bracket::Object)? {
            return Err(Error::new(Category::Data, start, "expected one member"));
        }
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.scanner.skip()?;
        visitor.visit_unit()
    }

    // A character is a text of one, and a byte array is base64 text on the wire: text it stays.
    texts! { deserialize_char deserialize_string deserialize_identifier deserialize_bytes deserialize_byte_buf }
}
