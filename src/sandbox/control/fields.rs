//! Reading a JSON object field by field, so that what is wrong can be named.

use std::fmt;

use serde_json::{Map, Value};

/// Which field is wrong, and what it must be.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    field: String,
    must: String,
}

impl Wrong {
    pub(super) fn new(field: impl Into<String>, must: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            must: must.into(),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.must)
    }
}

/// The fields of one object that have not been read yet.
#[derive(Debug)]
pub(super) struct Fields {
    path: String,
    rest: Map<String, Value>,
}

impl Fields {
    /// The fields of `value`, which stands at `path`.
    pub(super) fn of(value: Value, path: &str) -> Result<Self, Wrong> {
        match value {
            Value::Object(rest) => Ok(Self {
                path: path.to_owned(),
                rest,
            }),
            _ => Err(Wrong::new(path, "must be an object")),
        }
    }

    /// What is wrong with the field `name`.
    pub(super) fn wrong(&self, name: &str, must: impl Into<String>) -> Wrong {
        Wrong::new(
            if self.path.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", self.path)
            },
            must,
        )
    }

    /// Any value; JSON's null is an absent field.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Wrong> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be a text")),
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&mut self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Wrong> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(self.wrong(name, format!("must be a whole number from {least} to {most}"))),
        }
    }

    /// A number from 0 to 1.
    pub(super) fn share(&mut self, name: &str) -> Result<Option<f64>, Wrong> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.as_f64() {
            Some(number) if (0.0..=1.0).contains(&number) => Ok(Some(number)),
            _ => Err(self.wrong(name, "must be a number from 0 to 1")),
        }
    }

    /// No field may be left: a typo would otherwise be a fault that never happens.
    pub(super) fn end(self) -> Result<(), Wrong> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.wrong(name, "is not a field here")),
        }
    }
}
