//! The header: which column is which field of the row's type.

use std::collections::HashSet;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Visitor};

use super::error::{Category, Error};
use super::scan::Cell;
use crate::codec::jsv;

/// How many columns a header may have. The service has eight.
pub const MAX_COLUMNS: usize = 1_024;

/// The columns of a table, in the order of the body.
///
/// Only the names of the type that the rows are read into are kept: no text of the body.
#[derive(Debug)]
pub struct Header {
    /// The field of each column; `None` for a column that the type does not have.
    fields: Vec<Option<&'static str>>,
}

impl Header {
    /// Matches the names in `cells` with the fields of `T`.
    pub(super) fn of<'de, T: Deserialize<'de>>(cells: &[Cell<'_>]) -> Result<Self, Error> {
        let offset = cells.first().map_or(0, Cell::offset);
        let known = fields_of::<T>();
        let mut seen = HashSet::new();
        let mut fields = Vec::with_capacity(cells.len());
        for cell in cells {
            let name = cell.text();
            let field = jsv::find_field(known, &name).map(|index| known[index]);
            let new = match field {
                Some(field) => seen.insert(field.to_owned()),
                None => seen.insert(name.into_owned()),
            };
            if !new {
                return Err(Error::new(
                    Category::Header,
                    cell.offset(),
                    "the header has a column twice",
                ));
            }
            fields.push(field);
        }
        if fields.iter().all(Option::is_none) {
            return Err(Error::new(
                Category::Header,
                offset,
                "the header has no column of the type",
            ));
        }
        Ok(Self { fields })
    }

    /// Whether there is a column for the field of this name. An empty cell has one; a default may have none.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains(&Some(field))
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn field(&self, column: usize) -> Option<&'static str> {
        self.fields.get(column).copied().flatten()
    }
}

/// The names of the fields of the struct `T`; none if `T` is something else.
///
/// Called once for a body, before its first row, so that the header is checked even if no row follows.
fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The probe has no value to give, so this always fails; it has noted the names by then.
    drop(T::deserialize(Probe {
        fields: &mut fields,
        lifetime: PhantomData,
    }));
    fields
}

/// A deserializer that only listens for the names of the fields.
struct Probe<'a, 'de> {
    fields: &'a mut &'static [&'static str],
    lifetime: PhantomData<&'de ()>,
}

impl<'de> de::Deserializer<'de> for Probe<'_, 'de> {
    type Error = jsv::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, jsv::Error> {
        *self.fields = fields;
        Err(de::Error::custom("probed"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, jsv::Error> {
        Err(de::Error::custom("a row is read into a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
