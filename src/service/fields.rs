//! Reads the fields of a request and collects what is wrong with them.
//!
//! ```text
//! let mut fields = Fields::over(transport);
//! let i_customer = fields.id("i_customer", i_customer);
//! let name = fields.text("name", &name);
//! let (Ok(i_customer), Ok(name)) = (i_customer, name) else { return Err(fields.invalid()) };
//! ```
//!
//! A reading method gives [`Noted`] only if it has noted a violation, so that the `else` has something to tell.

use std::time::Duration;

use super::error::Error;
use crate::status::Violation;
use crate::upstream::Transport;
use crate::upstream::value::{Id, Invalid, Number, OptionalId, ProductIds, Text};

/// The fields of one request.
#[derive(Debug)]
pub(super) struct Fields {
    transport: Transport,
    violations: Vec<Violation>,
}

/// The field breaks a rule, and that is noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted;

impl Fields {
    /// Fields whose texts `transport` must carry.
    pub(super) fn over(transport: Transport) -> Self {
        Self {
            transport,
            violations: Vec::new(),
        }
    }

    /// The error that lists every violation.
    pub(super) fn invalid(self) -> Error {
        Error::Invalid(self.violations)
    }

    /// The id of a record.
    pub(super) fn id(&mut self, field: &str, value: i64) -> Result<Id, Noted> {
        self.note(field, Id::parse(value))
    }

    /// The id of a record, or 0 for none.
    pub(super) fn optional_id(&mut self, field: &str, value: i64) -> Result<OptionalId, Noted> {
        self.note(field, OptionalId::parse(value))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, field: &str, value: &str) -> Result<Text, Noted> {
        self.note(field, Text::parse(value, self.transport))
    }

    /// Product ids; none means all.
    pub(super) fn product_ids(&mut self, field: &str, value: &[String]) -> Result<Option<ProductIds>, Noted> {
        match ProductIds::parse(value, self.transport) {
            Ok(products) => Ok(products),
            Err(violations) => {
                for (index, invalid) in violations {
                    let field = index.map_or_else(|| field.to_owned(), |index| format!("{field}[{index}]"));
                    self.push(field, invalid);
                }
                Err(Noted)
            }
        }
    }

    /// The id of a record; 0 is not sent.
    pub(super) fn id_if_set(&mut self, field: &str, value: i64) -> Result<Option<Id>, Noted> {
        // The range of what may be written, 0 included, is what the caller is told.
        self.optional_id(field, value).map(|_| Id::parse(value).ok())
    }

    /// A number; 0 is not sent.
    pub(super) fn number_if_set(&mut self, field: &str, value: i64) -> Result<Option<Number>, Noted> {
        self.note(field, Number::parse(value))
            .map(|number| (value != 0).then_some(number))
    }

    /// A text; an empty one is not sent.
    pub(super) fn text_if_set(&mut self, field: &str, value: &str) -> Result<Option<Text>, Noted> {
        if value.is_empty() {
            Ok(None)
        } else {
            self.text(field, value).map(Some)
        }
    }

    /// A duration; `None` if it is absent.
    pub(super) fn duration(
        &mut self,
        field: &str,
        value: Option<prost_types::Duration>,
    ) -> Result<Option<Duration>, Noted> {
        value.map(Duration::try_from).transpose().map_err(|_| {
            let description = "must be a duration of 0 or more".to_owned();
            self.violations.push(Violation {
                field: field.to_owned(),
                description,
            });
            Noted
        })
    }

    fn note<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Result<T, Noted> {
        parsed.map_err(|invalid| {
            self.push(field.to_owned(), invalid);
            Noted
        })
    }

    fn push(&mut self, field: String, invalid: Invalid) {
        self.violations.push(Violation {
            field,
            description: invalid.to_string(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violated(fields: Fields) -> Vec<String> {
        let Error::Invalid(violations) = fields.invalid() else {
            panic!("violations");
        };
        violations.into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn every_violation_is_noted_in_the_order_of_reading() {
        let mut fields = Fields::over(Transport::Routes);
        assert!(fields.id("i_customer", 0).is_err());
        assert!(fields.text("name", "Sales").is_ok());
        assert!(fields.text("id", "..").is_err());
        assert!(fields.optional_id("i_account", -1).is_err());
        let ids = ["1", "", "2,3"].map(str::to_owned);
        assert!(fields.product_ids("product_ids", &ids).is_err());
        let expected = [
            "i_customer",
            "id",
            "i_account",
            "product_ids[1]",
            "product_ids[2]",
        ];
        assert_eq!(violated(fields), expected);
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let mut fields = Fields::over(Transport::Reply);
        assert!(matches!(fields.id_if_set("i_account", 0), Ok(None)));
        assert!(matches!(fields.id_if_set("i_account", 7), Ok(Some(_))));
        assert!(matches!(fields.number_if_set("content_id", 0), Ok(None)));
        assert!(matches!(fields.number_if_set("content_id", -7), Ok(Some(_))));
        assert!(matches!(fields.text_if_set("name", ""), Ok(None)));
        assert!(matches!(fields.text_if_set("name", "\0"), Ok(Some(_))));
        assert!(fields.id_if_set("i_account", -1).is_err());
        assert!(fields.number_if_set("content_id", 1 << 31).is_err());
        assert!(fields.text_if_set("name", &"x".repeat(251)).is_err());
        assert_eq!(violated(fields), ["i_account", "content_id", "name"]);
    }
}
