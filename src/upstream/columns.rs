//! The answer to a poll of the live calls by its columns, for a reader that knows most of it already.
//!
//! A poll mostly shows what the last one showed. So the columns are given as text, to be compared before they are decoded,
//! and the states of extensions can be decoded one at a time.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::{is_blank, read};
use super::budget::{self, Budget, error_of_column};
use super::operation::ListActiveCalls;
use super::{Error, Operation as _};
use crate::codec::jsv;
use crate::wire::{ActiveCall, ExtensionStatus};

/// The columns of a poll, undecoded. An empty cell is an empty text: an empty list.
#[derive(Debug)]
pub struct Columns {
    /// The live calls.
    pub calls: String,
    /// The state of the extensions.
    pub statuses: String,
    /// What both lists may hold together.
    pub budget: Budget,
}

/// The states of extensions in the text of their column.
#[derive(Debug)]
pub struct Statuses<'t>(jsv::Elements<'t, ExtensionStatus>);

/// The columns by their names on the wire.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(rename = "lstportaActiveCalls")]
    calls: Option<String>,
    #[serde(rename = "ExtensionsActiveCalls")]
    statuses: Option<String>,
    /// Whether there is an echo, not what it says.
    #[serde(rename = "License")]
    license: Option<IgnoredAny>,
}

impl Columns {
    /// Finds the columns in the body of an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] and [`Error::Blank`] for what is not an answer, [`Error::TooMany`] for one of too many
    /// columns, [`Error::ColumnMissing`] for one that does not say what was asked: as for [`ListActiveCalls`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let Row {
            calls,
            statuses,
            license,
        } = read(body, ListActiveCalls::COLUMNS)?;
        if is_blank([calls.is_some(), statuses.is_some(), license.is_some()]) {
            return Err(Error::Blank);
        }
        Ok(Self {
            calls: calls.unwrap_or_default(),
            statuses: statuses.unwrap_or_default(),
            budget: budget::of(body),
        })
    }
}

impl<'t> Statuses<'t> {
    /// The elements of the column `text`, as many as `budget` allows.
    ///
    /// # Errors
    ///
    /// [`Error::UndecodableColumn`] if the text does not begin a list.
    pub fn within(text: &'t str, budget: Budget) -> Result<Self, Error> {
        jsv::Elements::within(text, budget)
            .map(Self)
            .map_err(error_of_column)
    }

    /// Where in the text the next element is, or `None` after the last.
    ///
    /// `guess` is an element that was found before and is likely to come next: if it does, it is taken by comparing
    /// bytes.
    ///
    /// # Errors
    ///
    /// [`Error::UndecodableColumn`] if the list is broken here, or followed by text; [`Error::TooMany`] if the element is
    /// one too many.
    pub fn next_element(&mut self, guess: Option<&str>) -> Result<Option<Range<usize>>, Error> {
        self.0.next_element(guess).map_err(error_of_column)
    }
}

/// Gives the calls in the text of their column to `take`, one by one; they spend `budget`.
///
/// # Errors
///
/// [`Error::UndecodableColumn`]; [`Error::TooMany`] if the budget does not suffice.
pub fn read_calls(text: &str, budget: &mut Budget, take: impl FnMut(ActiveCall)) -> Result<(), Error> {
    jsv::for_each_within(text, budget, take).map_err(error_of_column)
}

/// Spends of `budget` what [`read_calls`] does for `count` calls: for a reader that has them already.
///
/// # Errors
///
/// [`Error::TooMany`].
pub fn spend_on_calls(count: usize, budget: &mut Budget) -> Result<(), Error> {
    if budget.spend::<ActiveCall>(count) {
        Ok(())
    } else {
        Err(Error::TooMany("live calls that were read before".into()))
    }
}

/// The state of one extension, in the text of its element.
///
/// # Errors
///
/// [`Error::UndecodableColumn`].
pub fn read_status(element: &str) -> Result<ExtensionStatus, Error> {
    jsv::from_str(element).map_err(Error::UndecodableColumn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_given_as_they_are() {
        let body = b"License,ExtensionsActiveCalls,lstportaActiveCalls\nan echo,[{i_c_ext:7}],\"[{IEnv:3,CLI:\"\"1,2\"\"}]\"\n";
        let Columns {
            calls,
            statuses,
            mut budget,
        } = Columns::read(body).unwrap();
        assert_eq!(calls, r#"[{IEnv:3,CLI:"1,2"}]"#);
        assert_eq!(statuses, "[{i_c_ext:7}]");
        let element = Statuses::within(&statuses, budget)
            .unwrap()
            .next_element(None)
            .unwrap()
            .unwrap();
        assert_eq!(read_status(&statuses[element]).unwrap().i_c_ext, 7);
        let mut read = Vec::new();
        read_calls(&calls, &mut budget, |call| read.push(call.i_env)).unwrap();
        assert_eq!(read, [3]);
    }

    #[test]
    fn empty_columns_are_empty_lists_only_if_the_service_wrote_them() {
        let mut columns =
            Columns::read(b"lstportaActiveCalls,ExtensionsActiveCalls,License\n,,an echo\n").unwrap();
        assert_eq!((&*columns.calls, &*columns.statuses), ("", ""));
        read_calls(&columns.calls, &mut columns.budget, |call| panic!("{call:?}")).unwrap();
        let blank = Columns::read(b"lstportaActiveCalls,ExtensionsActiveCalls,License\n,,\n");
        assert!(matches!(blank, Err(Error::Blank)));
        assert!(matches!(Columns::read(b"<html>"), Err(Error::Undecodable(_))));
    }

    #[test]
    fn a_column_that_is_not_there_is_not_an_empty_one() {
        for (header, missing) in [
            ("ExtensionsActiveCalls,License", "lstportaActiveCalls"),
            ("LSTPORTAACTIVECALLS,License", "ExtensionsActiveCalls"),
        ] {
            let error = Columns::read(format!("{header}\n[],an echo\n").as_bytes()).unwrap_err();
            assert!(
                matches!(error, Error::ColumnMissing { column } if column == missing),
                "{error:?}"
            );
        }
    }
}
