//! One cell to a value: text as it is, scalars by their type, everything with parts as JSV.

use std::borrow::Cow;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, Unexpected, Visitor};

use crate::codec::jsv;

/// What some cultures' servers write for `-`, though only in a cell of its own: inside JSV the culture is fixed.
const MINUS_SIGN: char = '\u{2212}';

/// The deserializer of one cell's text. An empty cell is the default of whatever is asked for.
#[derive(Debug)]
pub(super) struct CellReader<'de> {
    text: &'de str,
}

impl<'de> CellReader<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self { text }
    }

    /// The number or flag that is the whole cell.
    fn scalar<T: Default + for<'t> Deserialize<'t>>(&self, expected: &str) -> Result<T, jsv::Error> {
        let text = match self.text.strip_prefix(MINUS_SIGN) {
            _ if self.text.is_empty() => return Ok(T::default()),
            Some(digits) => Cow::Owned(format!("-{digits}")),
            None => Cow::Borrowed(self.text),
        };
        // Whatever is wrong with the text as JSV, here it is a value that does not fit.
        jsv::from_str(&text).map_err(|_| de::Error::invalid_value(Unexpected::Other("text"), &expected))
    }

    /// Reads the whole cell as JSV.
    fn nested<T>(
        &self,
        read: impl FnOnce(&mut jsv::Deserializer<'de>) -> Result<T, jsv::Error>,
    ) -> Result<T, jsv::Error> {
        let mut reader = jsv::Deserializer::new(self.text);
        let value = read(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
            visitor.$visit(self.scalar($expected)?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for CellReader<'de> {
    type Error = jsv::Error;

    scalars! {
        deserialize_bool visit_bool "True or False";
        deserialize_i8 visit_i8 "an integer of 8 bits";
        deserialize_i16 visit_i16 "an integer of 16 bits";
        deserialize_i32 visit_i32 "an integer of 32 bits";
        deserialize_i64 visit_i64 "an integer of 64 bits";
        deserialize_i128 visit_i128 "an integer of 128 bits";
        deserialize_u8 visit_u8 "an unsigned integer of 8 bits";
        deserialize_u16 visit_u16 "an unsigned integer of 16 bits";
        deserialize_u32 visit_u32 "an unsigned integer of 32 bits";
        deserialize_u64 visit_u64 "an unsigned integer of 64 bits";
        deserialize_u128 visit_u128 "an unsigned integer of 128 bits";
        deserialize_f32 visit_f32 "a number";
        deserialize_f64 visit_f64 "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        if self.text.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_unit(visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_seq(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_tuple(length, visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_tuple_struct(name, length, visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_map(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_struct(name, fields, visitor))
    }

    /// A variant without content is its name as it is, quotes and all; one with content is JSV.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        if self.text.starts_with('{') {
            return self.nested(|reader| reader.deserialize_enum(name, variants, visitor));
        }
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { char str string bytes byte_buf identifier }
}
