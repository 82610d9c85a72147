//! What a visitor walks: the members of a struct, the entries of a map, the elements of a list, a variant.
//!
//! Each access knows after every value whether another follows, so that the end of the object or list has been taken
//! when the visitor has seen the last, and a visitor that stops early is noticed.

use std::borrow::Cow;

use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::super::error::{Category, Error, Step};
use super::super::scan::{Bracket, Scanner};
use super::{Deserializer, Place};

/// The members of an object that is read into a struct.
pub(super) struct Members<'a, 'de> {
    reader: &'a mut Deserializer<'de>,
    fields: &'static [&'static str],
    /// The field after the last one found. Writers keep the order of declaration and leave members out, so the next
    /// member is nearly always this one or one soon after it.
    next: usize,
    current: &'static str,
    more: bool,
}

/// The entries of an object that is read into a map.
pub(super) struct Entries<'a, 'de> {
    reader: &'a mut Deserializer<'de>,
    index: usize,
    more: bool,
}

/// The elements of a list.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Deserializer<'de>,
    index: usize,
    more: bool,
}

/// A variant of an enum: a bare name, or an object whose only member is named after it.
pub(super) struct Variant<'a, 'de> {
    name: Option<&'static str>,
    content: Option<&'a mut Deserializer<'de>>,
}

/// The position of `name` in `names`: exactly, else ignoring ASCII case. Underscores count.
fn find(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|candidate| *candidate == name).or_else(|| {
        names
            .iter()
            .position(|candidate| candidate.eq_ignore_ascii_case(name))
    })
}

fn exhausted(reader: &Deserializer<'_>, more: bool) -> Result<(), Error> {
    if more {
        Err(reader
            .scanner
            .error(Category::Data, "more values than its type has"))
    } else {
        Ok(())
    }
}

// === impl Members ===

impl<'a, 'de> Members<'a, 'de> {
    pub(super) fn open(
        reader: &'a mut Deserializer<'de>,
        fields: &'static [&'static str],
    ) -> Result<Self, Error> {
        let more = reader.scanner.open(Bracket::Object)?;
        Ok(Self {
            reader,
            fields,
            next: 0,
            current: "",
            more,
        })
    }

    pub(super) fn end(self) -> Result<(), Error> {
        exhausted(self.reader, self.more)
    }

    /// Takes the name at the position; `None` if no field has it.
    fn field(&mut self) -> Result<Option<&'static str>, Error> {
        let scanner = &mut self.reader.scanner;
        let ahead = self.fields[self.next..]
            .iter()
            .position(|name| scanner.take_name(name));
        let found = if let Some(ahead) = ahead {
            Some(self.next + ahead)
        } else {
            let start = scanner.offset();
            let name: Cow<'_, str> = Scanner::new(scanner.raw_key()?).text()?;
            // The writer puts no blank before a name, so this is not its text: do not pass over it as unknown.
            if name.starts_with(' ') || name.ends_with(' ') {
                return Err(Error::new(
                    Category::Syntax,
                    start,
                    "a blank around the name of a member",
                ));
            }
            find(self.fields, &name)
        };
        Ok(found.map(|index| {
            self.next = index + 1;
            self.fields[index]
        }))
    }
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while self.more {
            let start = self.reader.scanner.offset();
            if let Some(name) = self.field()? {
                self.current = name;
                return seed
                    .deserialize(name.into_deserializer())
                    .map(Some)
                    .map_err(|error: Error| error.at(start));
            }
            self.reader.scanner.skip()?;
            self.more = self.reader.scanner.more(Bracket::Object)?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let start = self.reader.scanner.offset();
        self.reader.place = Place::Member;
        let value = seed
            .deserialize(&mut *self.reader)
            .map_err(|error| error.at(start).within(Step::Member(self.current)))?;
        self.more = self.reader.scanner.more(Bracket::Object)?;
        Ok(value)
    }
}

// === impl Entries ===

impl<'a, 'de> Entries<'a, 'de> {
    pub(super) fn open(reader: &'a mut Deserializer<'de>) -> Result<Self, Error> {
        let more = reader.scanner.open(Bracket::Object)?;
        Ok(Self {
            reader,
            index: 0,
            more,
        })
    }

    pub(super) fn end(self) -> Result<(), Error> {
        exhausted(self.reader, self.more)
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if !self.more {
            return Ok(None);
        }
        let start = self.reader.scanner.offset();
        // A key is written like a value, so it is read like one: it may be a number.
        let mut key = Deserializer::new(self.reader.scanner.raw_key()?);
        let value = seed
            .deserialize(&mut key)
            .and_then(|value| key.end().map(|()| value));
        value
            .map(Some)
            .map_err(|error| error.shifted(start).within(Step::Index(self.index)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let start = self.reader.scanner.offset();
        self.reader.place = Place::Member;
        let value = seed
            .deserialize(&mut *self.reader)
            .map_err(|error| error.at(start).within(Step::Index(self.index)))?;
        self.index += 1;
        self.more = self.reader.scanner.more(Bracket::Object)?;
        Ok(value)
    }
}

// === impl Elements ===

impl<'a, 'de> Elements<'a, 'de> {
    pub(super) fn open(reader: &'a mut Deserializer<'de>) -> Result<Self, Error> {
        let more = reader.scanner.open(Bracket::List)?;
        Ok(Self {
            reader,
            index: 0,
            more,
        })
    }

    pub(super) fn end(self) -> Result<(), Error> {
        exhausted(self.reader, self.more)
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.more {
            return Ok(None);
        }
        let start = self.reader.scanner.offset();
        self.reader.place = Place::Element;
        let value = seed
            .deserialize(&mut *self.reader)
            .map_err(|error| error.at(start).within(Step::Index(self.index)))?;
        self.index += 1;
        self.more = self.reader.scanner.more(Bracket::List)?;
        Ok(Some(value))
    }
}

// === impl Variant ===

impl<'a, 'de> Variant<'a, 'de> {
    pub(super) fn unit(variants: &'static [&'static str], name: &str) -> Self {
        Self {
            name: find(variants, name).map(|index| variants[index]),
            content: None,
        }
    }

    pub(super) fn of(
        reader: &'a mut Deserializer<'de>,
        variants: &'static [&'static str],
        name: &str,
    ) -> Self {
        reader.place = Place::Member;
        Self {
            content: Some(reader),
            ..Self::unit(variants, name)
        }
    }

    fn content(self) -> Result<&'a mut Deserializer<'de>, Error> {
        self.content
            .ok_or_else(|| de::Error::invalid_type(Unexpected::UnitVariant, &"a variant with content"))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let Some(name) = self.name else {
            return Err(de::Error::unknown_variant("", &[]));
        };
        Ok((
            seed.deserialize::<de::value::StrDeserializer<'_, Error>>(name.into_deserializer())?,
            self,
        ))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(de::Error::invalid_type(
                Unexpected::NewtypeVariant,
                &"a variant without content",
            )),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_seq(self.content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_struct(self.content()?, "", fields, visitor)
    }
}
