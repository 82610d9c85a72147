//! One value to the text of its cell: text as it is, everything else as JSV.

use std::fmt::{Display, Write as _};

use serde::ser::{self, Serialize};

use crate::codec::jsv::{self, Compound, EmptyText, Presence};

/// The serializer of one cell, before the cell is quoted.
#[derive(Debug)]
pub(super) struct CellWriter<'a> {
    out: &'a mut String,
    empty: EmptyText,
}

impl<'a> CellWriter<'a> {
    pub(super) fn new(out: &'a mut String, empty: EmptyText) -> Self {
        Self { out, empty }
    }

    fn jsv(self) -> jsv::Serializer<'a> {
        jsv::Serializer::new(self.out, self.empty)
    }
}

macro_rules! as_jsv {
    ($($method:ident($($name:ident: $argument:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $($name: $argument),*) -> Result<$ok, jsv::Error> {
            self.jsv().$method($($name),*)
        }
    )*};
}

impl<'a> ser::Serializer for CellWriter<'a> {
    type Ok = Presence;
    type Error = jsv::Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_str(self, text: &str) -> Result<Presence, jsv::Error> {
        self.out.push_str(text);
        Ok(Presence::Present)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Presence, jsv::Error> {
        write!(self.out, "{value}").map_err(<jsv::Error as ser::Error>::custom)?;
        Ok(Presence::Present)
    }

    fn serialize_char(self, value: char) -> Result<Presence, jsv::Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Presence, jsv::Error> {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Presence, jsv::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Presence, jsv::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Presence, jsv::Error> {
        self.jsv().serialize_newtype_variant(name, index, variant, value)
    }

    as_jsv! {
        serialize_bool(value: bool) -> Presence;
        serialize_i8(value: i8) -> Presence;
        serialize_i16(value: i16) -> Presence;
        serialize_i32(value: i32) -> Presence;
        serialize_i64(value: i64) -> Presence;
        serialize_i128(value: i128) -> Presence;
        serialize_u8(value: u8) -> Presence;
        serialize_u16(value: u16) -> Presence;
        serialize_u32(value: u32) -> Presence;
        serialize_u64(value: u64) -> Presence;
        serialize_u128(value: u128) -> Presence;
        serialize_f32(value: f32) -> Presence;
        serialize_f64(value: f64) -> Presence;
        serialize_bytes(value: &[u8]) -> Presence;
        serialize_none() -> Presence;
        serialize_unit() -> Presence;
        serialize_unit_struct(name: &'static str) -> Presence;
        serialize_seq(length: Option<usize>) -> Compound<'a>;
        serialize_tuple(length: usize) -> Compound<'a>;
        serialize_tuple_struct(name: &'static str, length: usize) -> Compound<'a>;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, length: usize) -> Compound<'a>;
        serialize_map(length: Option<usize>) -> Compound<'a>;
        serialize_struct(name: &'static str, length: usize) -> Compound<'a>;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, length: usize) -> Compound<'a>;
    }
}
