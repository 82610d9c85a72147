//! The part of `serde::Serializer` that no wire type needs, refused in one place.
//!
//! Reading needs no such part: there any other type is given the text, and refuses it by itself.

/// Methods of a [`serde::Serializer`] that fail with `$error`.
macro_rules! refuse {
    ($error:expr; $($method:ident $(<$value:ident>)? ($($argument:ty),*) -> $ok:ty;)*) => {$(
        fn $method $(<$value: ::serde::Serialize + ?Sized>)? (
            self,
            $(_: $argument),*
        ) -> Result<$ok, Self::Error> {
            Err($error)
        }
    )*};
}

/// What a [`serde::Serializer`] must have beside text, `bool`, `i32`, `f64`, options, lists and structs.
macro_rules! refuse_other_types {
    ($error:expr) => {
        type SerializeTuple = ::serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeTupleStruct = ::serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeTupleVariant = ::serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeMap = ::serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeStructVariant = ::serde::ser::Impossible<Self::Ok, Self::Error>;

        $crate::codec::jsv::refuse! {
            $error;
            serialize_i8(i8) -> Self::Ok;
            serialize_i16(i16) -> Self::Ok;
            serialize_i64(i64) -> Self::Ok;
            serialize_u8(u8) -> Self::Ok;
            serialize_u16(u16) -> Self::Ok;
            serialize_u32(u32) -> Self::Ok;
            serialize_u64(u64) -> Self::Ok;
            serialize_f32(f32) -> Self::Ok;
            serialize_char(char) -> Self::Ok;
            serialize_bytes(&[u8]) -> Self::Ok;
            serialize_unit() -> Self::Ok;
            serialize_unit_struct(&'static str) -> Self::Ok;
            serialize_unit_variant(&'static str, u32, &'static str) -> Self::Ok;
            serialize_newtype_struct<T>(&'static str, &T) -> Self::Ok;
            serialize_newtype_variant<T>(&'static str, u32, &'static str, &T) -> Self::Ok;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }
    };
}

pub(crate) use {refuse, refuse_other_types};
