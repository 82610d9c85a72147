//! An object or a list on its way out.

use serde::ser::{self, Serialize};

use super::super::error::Error;
use super::{EmptyText, Presence, Serializer};

/// The writer of an object's members or a list's elements.
#[derive(Debug)]
pub struct Compound<'a> {
    out: &'a mut String,
    empty: EmptyText,
    close: &'static str,
    first: bool,
    /// The length of the text before the entry at hand, which is cut back if the entry has no value.
    mark: usize,
}

impl<'a> Compound<'a> {
    pub(super) fn open(out: &'a mut String, empty: EmptyText, open: &str, close: &'static str) -> Self {
        out.push_str(open);
        Self {
            out,
            empty,
            close,
            first: true,
            mark: 0,
        }
    }

    pub(super) fn close(self) -> Presence {
        self.out.push_str(self.close);
        Presence::Present
    }

    pub(super) fn name(&mut self, name: &str) {
        self.separate();
        self.out.push_str(name);
        self.out.push(':');
    }

    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Presence, Error> {
        value.serialize(Serializer::new(self.out, self.empty))
    }

    fn separate(&mut self) {
        self.mark = self.out.len();
        if !self.first {
            self.out.push(',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        self.first = false;
        self.value(value).map(drop)
    }

    fn keep(&mut self, presence: Presence) {
        match presence {
            Presence::Present => self.first = false,
            Presence::Absent => self.out.truncate(self.mark),
        }
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.name(name);
        let presence = self.value(value)?;
        self.keep(presence);
        Ok(())
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = Presence;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.separate();
        let start = self.out.len();
        // An empty key is quoted in every style: without quotes no reader takes it.
        key.serialize(Serializer::new(self.out, EmptyText::Quoted))?;
        if self.out[start..].is_empty() || self.out[start..].starts_with(['{', '[']) {
            return Err(ser::Error::custom("a key that is not a scalar"));
        }
        self.out.push(':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let presence = self.value(value)?;
        self.keep(presence);
        Ok(())
    }

    fn end(self) -> Result<Presence, Error> {
        Ok(self.close())
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = Presence;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<Presence, Error> {
                Ok(self.close())
            }
        }
    )*};
}

macro_rules! objects {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = Presence;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.member(name, value)
            }

            fn end(self) -> Result<Presence, Error> {
                Ok(self.close())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}
objects! { SerializeStruct SerializeStructVariant }
