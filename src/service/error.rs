//! Why an RPC gave no answer.

use std::fmt::Display;

use crate::dispatch::RefusedId;
use crate::{upstream, watch};

/// Why an RPC gave no answer.
#[derive(Debug)]
pub enum Error {
    /// The request breaks rules; nothing was sent. Never empty.
    Invalid(Violations),
    /// The caller's id of the change is not taken; nothing was sent.
    RequestId(RefusedId),
    /// The call to the upstream failed.
    Upstream(upstream::Error),
    /// The watch cannot be opened.
    Watch(watch::End),
}

/// The rules that a request breaks: the first ones in full, the rest as a number.
///
/// They travel in a trailer. Clients refuse large ones (grpcio from 8 KiB on) and then tell another status than was sent.
#[derive(Debug, Default)]
pub struct Violations {
    told: Vec<Violation>,
    left_out: usize,
    /// The length of all texts in `told`.
    len: usize,
}

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `product_ids[1]`.
    pub field: String,
    /// What it must be. Never repeats the value.
    pub description: String,
}

impl Violations {
    /// The most that are told.
    const MAX_TOLD: usize = 50;

    /// The most bytes of text that are told. As base64, with all that is around it, they stay under 8 KiB.
    const MAX_LEN: usize = 4608;

    /// Whether no rule is broken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty() && self.left_out == 0
    }

    /// The first ones, in the order of reading.
    #[must_use]
    pub fn told(&self) -> &[Violation] {
        &self.told
    }

    /// How many came after those.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Adds one. After the first that has no room none is told: what is told is the beginning, without gaps.
    pub(super) fn add(&mut self, field: impl Display, description: impl Display) {
        if self.left_out > 0 || self.told.len() == Self::MAX_TOLD {
            self.left_out += 1;
            return;
        }
        let violation = Violation {
            field: field.to_string(),
            description: description.to_string(),
        };
        let len = self.len + violation.field.len() + violation.description.len();
        if len > Self::MAX_LEN {
            self.left_out += 1;
            return;
        }
        self.len = len;
        self.told.push(violation);
    }
}

impl From<upstream::Error> for Error {
    fn from(error: upstream::Error) -> Self {
        Self::Upstream(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_a_beginning_that_fits() {
        let mut violations = Violations::default();
        violations.add("a", "x".repeat(Violations::MAX_LEN - 2));
        violations.add("b", "too long for what is left");
        violations.add("c", "");
        let told: Vec<_> = violations.told().iter().map(|told| &*told.field).collect();
        assert_eq!(told, ["a"]);
        assert_eq!(violations.left_out(), 2);
    }
}
