//! JSV, ServiceStack's text format: JSON's shape with CSV's quoting, as a serde data format.
//!
//! ```text
//! [{i_c_ext:1001,name:Reception,note:"say ""hi"", please"},{}]
//! ```
//!
//! The grammar is in `docs/jsv.md`. What the format guarantees to its callers:
//!
//! - Text is typed by its target and never guessed: `0044123` is a number only where a number is asked for.
//! - A text without doubled quotes is borrowed from the input.
//! - The types are those of the wire: text, `bool`, `i32`, `f64`, options, lists and structs. Others are refused.
//! - Members are found by name, exactly first and then ignoring ASCII case; unknown ones are checked and skipped.
//! - Nesting is bounded by [`MAX_DEPTH`], the size of what is read by a [`Budget`] if the caller gives one; no input panics.
//! - An [`Error`] says where and what kind, and never repeats the input.
//!
//! This module uses nothing else of the crate, so that it can become one of its own.

mod budget;
mod de;
mod elements;
mod error;
mod refuse;
mod scalar;
mod scan;
mod ser;
#[cfg(test)]
mod tests;

pub use self::budget::Budget;
pub(crate) use self::de::find_field;
pub use self::de::{Deserializer, for_each_within, from_str};
pub use self::elements::Elements;
pub use self::error::{Category, Error};
pub(crate) use self::refuse::{refuse, refuse_other_types};
pub use self::scan::MAX_DEPTH;
pub use self::ser::{Compound, EmptyText, Presence, Serializer, to_string};
