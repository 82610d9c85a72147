//! JSV text to serde's data model, driven by the target type.
//!
//! The types are those of the wire: text, `bool`, `i32`, `f64`, their options, structs and lists. Any other type is
//! given the text, and refuses it: nothing is guessed.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use super::error::{Category, Error, Step};
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

/// Gives each element of the list that is the whole of `text` to `take`, so that they are never all there at one time; the
/// list spends `budget` all the same. Nothing and `null` are an empty list.
///
/// # Errors
///
/// As [`from_str`], and if the budget does not suffice. What came before was taken.
pub fn for_each_within<'de, T: Deserialize<'de>>(
    text: &'de str,
    budget: &mut Budget,
    take: impl FnMut(T),
) -> Result<(), Error> {
    let mut deserializer = Deserializer::within(text, *budget);
    let each = Each {
        take,
        element: PhantomData,
    };
    de::Deserializer::deserialize_seq(&mut deserializer, each).map_err(|error| error.at(0))?;
    deserializer.end()?;
    *budget = deserializer.budget();
    Ok(())
}

/// The position in `fields` of the one that `name` names: exactly, else ignoring ASCII case. Underscores count.
pub(crate) fn find_field(fields: &[&str], name: &str) -> Option<usize> {
    let exact = fields.iter().position(|field| *field == name);
    exact.or_else(|| fields.iter().position(|field| field.eq_ignore_ascii_case(name)))
}

/// A reader of one value.
#[derive(Debug)]
pub struct Deserializer<'de> {
    scanner: Scanner<'de>,
    place: Place,
    /// What is left of it.
    budget: Budget,
}

/// Where the value stands: decides what a value of no characters means when the target is not a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing means `None`, and is an error for anything but text, objects and lists.
    Element,
    /// Nothing means that the member is absent: its default. A null *text* would have been left out, so for an
    /// optional text it is `Some("")`.
    Member,
    /// A member whose visitor was already told that it is `Some`.
    Optional,
}

/// The members of an object on their way into a struct.
///
/// Knows after every value whether another follows, so that the end of the object has been taken when the visitor has
/// seen the last. [`Elements`] is the same for a list.
struct Members<'a, 'de> {
    reader: &'a mut Deserializer<'de>,
    fields: &'static [&'static str],
    /// The field after the last one found. Writers keep the order of declaration and leave members out, so the next
    /// member is nearly always this one or one soon after it.
    next: usize,
    current: &'static str,
    more: bool,
}

/// The elements of a list.
struct Elements<'a, 'de> {
    reader: &'a mut Deserializer<'de>,
    index: usize,
    more: bool,
}

/// Takes the elements of a list one by one.
struct Each<T, F> {
    take: F,
    element: PhantomData<T>,
}

// === impl Deserializer ===

impl<'de> Deserializer<'de> {
    /// A reader of the value at the start of `text`.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self::within(text, Budget::UNLIMITED)
    }

    /// A reader of the value at the start of `text`, whose lists may hold no more than `budget`.
    #[must_use]
    pub fn within(text: &'de str, budget: Budget) -> Self {
        Self {
            scanner: Scanner::new(text),
            place: Place::Element,
            budget,
        }
    }

    /// What is left of the budget.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget
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

    /// Whether the value stands for an absent object or list; takes it if so.
    fn take_absent(&mut self) -> bool {
        self.scanner.at_nothing() || self.scanner.take_null()
    }

    /// Opens the object or list at the position; true if it has a member or element.
    fn open(&mut self, bracket: Bracket, expected: &'static str) -> Result<bool, Error> {
        if self.scanner.peek() == Some(bracket.open()) {
            self.scanner.open(bracket)
        } else {
            Err(self.scanner.error(Category::Data, expected))
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.scalar(scalar::parse_bool, "expected True or False")?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(self.scalar(scalar::parse_integer, "expected an integer of 32 bits")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.scalar(scalar::parse_float, "expected a number")?)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
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

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.take_absent() {
            return visitor.visit_seq(SeqDeserializer::new(iter::empty::<()>()));
        }
        let more = self.open(Bracket::List, "expected a list")?;
        visitor.visit_seq(Elements {
            reader: self,
            index: 0,
            more,
        })
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
        let more = self.open(Bracket::Object, "expected an object")?;
        visitor
            .visit_map(Members {
                reader: self,
                fields,
                next: 0,
                current: "",
                more,
            })
            .map_err(|error| error.at(start))
    }

    /// Takes the value whatever it is, grammar checked.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.scanner.skip()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map enum identifier
    }
}

// === impl Members ===

impl Members<'_, '_> {
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
            let name = scanner.key()?;
            // The writer puts no blank around a name, so it did not write this: do not skip it as an unknown member.
            if name.starts_with(' ') || name.ends_with(' ') {
                return Err(Error::new(
                    Category::Syntax,
                    start,
                    "a blank around the name of a member",
                ));
            }
            find_field(self.fields, &name)
        };
        Ok(found.map(|index| {
            self.next = index + 1;
            self.fields[index]
        }))
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
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

// === impl Elements ===

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.more {
            return Ok(None);
        }
        let start = self.reader.scanner.offset();
        // Before the list that it goes into grows.
        if !self.reader.budget.spend::<T::Value>(1) {
            return Err(Error::over_budget(start));
        }
        self.reader.place = Place::Element;
        let value = seed
            .deserialize(&mut *self.reader)
            .map_err(|error| error.at(start).within(Step::Index(self.index)))?;
        self.index += 1;
        self.more = self.reader.scanner.more(Bracket::List)?;
        Ok(Some(value))
    }
}

// === impl Each ===

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.take)(element);
        }
        Ok(())
    }
}
