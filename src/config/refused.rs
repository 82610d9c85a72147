//! A setting that cannot be used.

use std::fmt;

/// A setting that cannot be used. `Display` is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl Refused {
    /// `flag` is the flag's name with its dashes; `why` must not repeat a value that may be secret.
    pub(super) fn new(flag: &str, why: impl fmt::Display) -> Self {
        Self(format!("{flag}: {why}"))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
