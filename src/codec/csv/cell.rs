//! One cell to a value: text as it is, scalars by their type, everything with parts as JSV.

use std::borrow::Cow;

use serde::de::{self, Deserialize, Unexpected, Visitor};

use crate::codec::jsv;

/// What servers of some cultures write for `-`, but only in a cell of its own: inside JSV the culture is fixed.
const MINUS_SIGN: char = '\u{2212}';

/// The deserializer of one cell's text. An empty cell is the default of whatever is asked for.
#[derive(Debug)]
pub(super) struct CellReader<'a, 'de> {
    text: &'de str,
    /// What lists spend.
    budget: &'a mut jsv::Budget,
}

impl<'a, 'de> CellReader<'a, 'de> {
    pub(super) fn new(text: &'de str, budget: &'a mut jsv::Budget) -> Self {
        Self { text, budget }
    }

    /// The number or flag that is the whole cell.
    fn scalar<T: Default + for<'t> Deserialize<'t>>(&self, expected: &str) -> Result<T, jsv::Error> {
        let text = match self.text.strip_prefix(MINUS_SIGN) {
            _ if self.text.is_empty() => return Ok(T::default()),
            Some(digits) => Cow::Owned(format!("-{digits}")),
            None => Cow::Borrowed(self.text),
        };
        // Whatever is wrong with the text as JSV, for a cell it is a value that does not fit.
        jsv::from_str(&text).map_err(|_| de::Error::invalid_value(Unexpected::Other("text"), &expected))
    }

    /// Reads the whole cell as JSV.
    fn nested<T>(
        self,
        read: impl FnOnce(&mut jsv::Deserializer<'de>) -> Result<T, jsv::Error>,
    ) -> Result<T, jsv::Error> {
        let mut reader = jsv::Deserializer::within(self.text, *self.budget);
        let value = read(&mut reader)?;
        reader.end()?;
        *self.budget = reader.budget();
        Ok(value)
    }
}

impl<'de> de::Deserializer<'de> for CellReader<'_, 'de> {
    type Error = jsv::Error;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_bool(self.scalar("True or False")?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_i32(self.scalar("an integer of 32 bits")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_f64(self.scalar("a number")?)
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

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_seq(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, jsv::Error> {
        self.nested(|reader| reader.deserialize_struct(name, fields, visitor))
    }

    /// Takes the cell whatever it holds.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, jsv::Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map enum identifier
    }
}
