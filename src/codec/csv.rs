//! CSV as the upstream writes it, to and from structs: a header, then rows, with JSV inside the cells.
//!
//! ```text
//! ExtensionLst,ExtensionDeleted,License
//! "[{i_c_ext:1001,note:""say """"hi""""""}]",False,…
//! ```
//!
//! Columns are found by name, exactly first and then ignoring ASCII case; unknown ones are passed over, missing ones
//! and empty cells are defaults. Where these two must be told apart, [`Header`] does. A text column is the cell as it
//! is, a number or flag is read as .NET writes it, and anything with parts is [`jsv`](super::jsv).
//!
//! The grammar is checked to the letter, because its breaches are how a cut or foreign body shows: every row has as
//! many cells as the header and ends in a line end, quotes stand only around a whole cell, and the header names at
//! least one column of the type. A header has at most [`MAX_COLUMNS`].
//!
//! `csv-core`, the core of the `csv` crate, writes the cells. It does not read them: it copies each, which would make
//! decoding a fifth slower, and forgives what is an error here (see ADR 1).

mod cell;
mod de;
mod error;
mod header;
mod scan;
mod ser;
mod style;
#[cfg(test)]
mod tests;

pub use self::de::{from_slice, one_from_slice, one_with_header};
pub use self::error::{Category, Error};
pub use self::header::{Header, MAX_COLUMNS};
pub use self::ser::{one_to_vec, to_vec};
pub use self::style::{LineEnd, Style};
