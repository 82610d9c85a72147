//! The forms of one value: as a member, as the only member of an object's cell, and as a cell of its own.

use std::fmt::Debug;

use portico::codec::csv::{self, Style};
use portico::codec::jsv::{self, EmptyText};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::data::text;

/// An object with the value as its only member.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Holder<T: Default> {
    v: T,
}

impl<T: Default> Default for Holder<T> {
    fn default() -> Self {
        Self { v: T::default() }
    }
}

/// A row with the value as its only cell.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cell<T> {
    c: T,
}

pub(super) trait Sample: Serialize + DeserializeOwned + Default + PartialEq + Debug {}
impl<T: Serialize + DeserializeOwned + Default + PartialEq + Debug> Sample for T {}

pub(super) fn from_cell<T: DeserializeOwned>(cell: &str) -> Result<T, csv::Error> {
    csv::one_from_slice::<Cell<T>>(format!("c\r\n{cell}\r\n").as_bytes()).map(|row| row.c)
}

fn to_cell<T: Serialize>(value: &T, style: Style) -> String {
    let body = csv::one_to_vec(&Cell { c: value }, style).expect("a row");
    let text = String::from_utf8(body).expect("UTF-8");
    let cell = text.trim_start_matches(['c', '\r', '\n']);
    cell.strip_suffix("\r\n")
        .or_else(|| cell.strip_suffix('\n'))
        .unwrap_or(cell)
        .to_owned()
}

/// Reads every form of the vector that `value` is expected from: the newer ones, and version 3's where they agree.
pub(super) fn reads<T: Sample>(line: &Value, value: T) {
    let holder = Holder { v: value };
    if let Some(jsv) = text(line, "jsv").filter(|jsv| *jsv != "(member omitted)") {
        assert_eq!(
            jsv::from_str::<Holder<T>>(&format!("{{v:{jsv}}}")).as_ref().ok(),
            Some(&holder),
            "{line}"
        );
    }
    let obj = text(line, "obj").expect("a cell");
    assert_eq!(from_cell::<Holder<T>>(obj).as_ref().ok(), Some(&holder), "{line}");
    let value = holder.v;
    assert_eq!(
        from_cell::<T>(text(line, "top").expect("a cell")).as_ref().ok(),
        Some(&value),
        "{line}"
    );
    if line.get("jsv3").is_none() {
        reads_v3(line, value);
    }
}

/// Reads the forms of version 3.
pub(super) fn reads_v3<T: Sample>(line: &Value, value: T) {
    let holder = Holder { v: value };
    if let Some(jsv) = text(line, "jsv3") {
        assert_eq!(
            jsv::from_str::<Holder<T>>(&format!("{{v:{jsv}}}")).as_ref().ok(),
            Some(&holder),
            "{line}"
        );
    }
    if let Some(obj) = text(line, "obj3") {
        assert_eq!(from_cell::<Holder<T>>(obj).as_ref().ok(), Some(&holder), "{line}");
    }
    if let Some(top) = text(line, "top3") {
        assert_eq!(from_cell::<T>(top).as_ref().ok(), Some(&holder.v), "{line}");
    }
}

/// Reads and writes the vector: for the values that this writer writes like the upstream.
pub(super) fn agrees<T: Sample + Clone>(line: &Value, value: T) {
    reads(line, value.clone());
    if line.get("jsv3").is_some() {
        reads_v3(line, value.clone());
    }
    let form = |name, other| {
        text(line, name)
            .or_else(|| text(line, other))
            .expect("a form")
            .to_owned()
    };
    let holder = Holder { v: value };
    for (empty, jsv) in [
        (EmptyText::Quoted, form("jsv", "jsv")),
        (EmptyText::Omitted, form("jsv3", "jsv")),
    ] {
        assert_eq!(
            jsv::to_string(&holder, empty).ok(),
            Some(format!("{{v:{jsv}}}")),
            "{line}"
        );
    }
    assert_eq!(to_cell(&holder, Style::V5), form("obj", "obj"), "{line}");
    assert_eq!(to_cell(&holder, Style::V3), form("obj3", "obj"), "{line}");
    assert_eq!(to_cell(&holder.v, Style::V5), form("top", "top"), "{line}");
    assert_eq!(to_cell(&holder.v, Style::V3), form("top3", "top"), "{line}");
}

pub(super) fn refuses<T: Sample>(line: &Value) {
    let jsv = text(line, "jsv").expect("a text");
    assert!(
        jsv::from_str::<Holder<T>>(&format!("{{v:{jsv}}}")).is_err(),
        "{line}"
    );
    assert!(
        from_cell::<Holder<T>>(text(line, "obj").expect("a cell")).is_err(),
        "{line}"
    );
}

/// Reads the two forms in which versions from 4.0.42 write `value`.
pub(super) fn reads_top_without_v3(line: &Value, value: &str) {
    let holder = Holder { v: value.to_owned() };
    assert_eq!(
        from_cell::<Holder<String>>(text(line, "obj").expect("a cell")).ok(),
        Some(holder)
    );
    assert_eq!(
        from_cell::<String>(text(line, "top").expect("a cell"))
            .ok()
            .as_deref(),
        Some(value)
    );
}
