//! Reads the fields of a request and collects what is wrong with them.
//!
//! ```text
//! let mut fields = Fields::over(transport);
//! let operation = DeleteExtension {
//!     i_customer: fields.id("i_customer", i_customer),
//!     i_c_ext: fields.id("i_c_ext", i_c_ext),
//! };
//! fields.finish(operation)
//! ```
//!
//! A field that breaks a rule is noted and read as a stand-in; [`Fields::finish`] gives out nothing that holds one.

use std::time::Duration;

use uuid::Uuid;

use super::error::{Error, Violations};
use crate::dispatch::RequestId;
use crate::upstream::Transport;
use crate::upstream::value::{Id, Invalid, Number, OptionalId, ProductIds, StandIn, Text, clash};

/// How many characters a UUID has with its hyphens.
const UUID_LEN: usize = 36;

/// The fields of one request.
#[derive(Debug)]
pub(super) struct Fields<'r> {
    transport: Transport,
    violations: Violations,
    /// The texts that break no rule by themselves.
    texts: Vec<(&'static str, &'r str)>,
}

impl<'r> Fields<'r> {
    /// Fields whose texts `transport` must carry.
    pub(super) fn over(transport: Transport) -> Self {
        Self {
            transport,
            violations: Violations::default(),
            texts: Vec::new(),
        }
    }

    /// Gives out `read`, which was made of these fields.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with the violations, if there is one.
    pub(super) fn finish<T>(mut self, read: T) -> Result<T, Error> {
        self.check_together();
        if self.violations.is_empty() {
            Ok(read)
        } else {
            Err(Error::Invalid(self.violations))
        }
    }

    /// The id of a record.
    pub(super) fn id(&mut self, field: &'static str, value: i64) -> Id {
        self.note(field, Id::parse(value))
    }

    /// The id of a record, or 0 for none.
    pub(super) fn optional_id(&mut self, field: &'static str, value: i64) -> OptionalId {
        self.note(field, OptionalId::parse(value))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, field: &'static str, value: &'r str) -> Text {
        let parsed = Text::parse(value, self.transport);
        if parsed.is_ok() {
            self.texts.push((field, value));
        }
        self.note(field, parsed)
    }

    /// Product ids; none means all.
    pub(super) fn product_ids(&mut self, field: &'static str, value: &'r [String]) -> Option<ProductIds> {
        let parsed = ProductIds::parse(value, self.transport);
        if parsed.is_ok() {
            self.texts.extend(value.iter().map(|id| (field, &**id)));
        }
        parsed.unwrap_or_else(|violations| {
            for (index, invalid) in violations {
                match index {
                    Some(index) => self.violations.add(format_args!("{field}[{index}]"), invalid),
                    None => self.violations.add(field, invalid),
                }
            }
            None
        })
    }

    /// The id of a record; 0 is not sent.
    pub(super) fn id_if_set(&mut self, field: &'static str, value: i64) -> Option<Id> {
        // Parsed as an optional id first, so that the caller is told the range with 0 in it.
        self.optional_id(field, value);
        Id::parse(value).ok()
    }

    /// A number; 0 is not sent.
    pub(super) fn number_if_set(&mut self, field: &'static str, value: i64) -> Option<Number> {
        (value != 0).then(|| self.note(field, Number::parse(value)))
    }

    /// A text; an empty one is not sent.
    pub(super) fn text_if_set(&mut self, field: &'static str, value: &'r str) -> Option<Text> {
        (!value.is_empty()).then(|| self.text(field, value))
    }

    /// The caller's id of a change; `None` if it is empty.
    pub(super) fn request_id(&mut self, field: &'static str, value: &str) -> Option<RequestId> {
        if value.is_empty() {
            return None;
        }
        // Other forms of a UUID would be other texts of the same id.
        let parsed = Uuid::try_parse(value).ok().filter(|_| value.len() == UUID_LEN);
        if parsed.is_none() {
            let told = "must be empty or a UUID, such as 0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b60";
            self.violations.add(field, told);
        }
        parsed.map(RequestId)
    }

    /// A duration; `None` if it is absent.
    pub(super) fn duration(
        &mut self,
        field: &'static str,
        value: Option<prost_types::Duration>,
    ) -> Option<Duration> {
        let read = value.map(Duration::try_from).transpose();
        read.unwrap_or_else(|_| {
            self.violations.add(field, "must be a duration of 0 or more");
            None
        })
    }

    /// Over the routes all texts are in one path, where some characters must not meet.
    fn check_together(&mut self) {
        let texts = self.texts.iter().map(|(_, text)| *text);
        let Some(pair) = clash(&texts).filter(|_| self.transport == Transport::Routes) else {
            return;
        };
        let mut fields: Vec<_> = self.texts.iter().filter(|(_, text)| pair.is_in(text)).collect();
        fields.dedup_by_key(|(field, _)| *field);
        for (field, _) in fields {
            self.violations
                .add(field, format_args!("the texts together {}", pair.told));
        }
    }

    fn note<T: StandIn>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> T {
        parsed.unwrap_or_else(|invalid| {
            self.violations.add(field, invalid);
            T::stand_in()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violated(fields: Fields<'_>) -> Vec<String> {
        let Err(Error::Invalid(violations)) = fields.finish(()) else {
            panic!("violations");
        };
        let told = violations.told().iter();
        told.map(|violation| violation.field.clone()).collect()
    }

    #[test]
    fn every_violation_is_noted_in_the_order_of_reading() {
        let ids = ["1", "", "2,3"].map(str::to_owned);
        let mut fields = Fields::over(Transport::Routes);
        fields.id("i_customer", 0);
        fields.text("name", "Sales");
        fields.text("id", "..");
        fields.optional_id("i_account", -1);
        fields.product_ids("product_ids", &ids);
        let negative = prost_types::Duration {
            seconds: -1,
            nanos: 0,
        };
        fields.duration("heartbeat", Some(negative));
        let expected = [
            "i_customer",
            "id",
            "i_account",
            "product_ids[1]",
            "product_ids[2]",
            "heartbeat",
        ];
        assert_eq!(violated(fields), expected);
    }

    #[test]
    fn texts_that_may_not_meet_are_noted_by_all_their_fields() {
        let ids = ["11".to_owned()];
        for (transport, expected) in [
            (Transport::Routes, vec!["name", "id"]),
            (Transport::Reply, vec![]),
        ] {
            let mut fields = Fields::over(transport);
            fields.text("name", "100%");
            fields.text("id", "😀");
            fields.product_ids("product_ids", &ids);
            let noted = match fields.finish(()) {
                Err(Error::Invalid(violations)) => violations,
                _ => Violations::default(),
            };
            let noted: Vec<_> = noted.told().iter().map(|violation| &*violation.field).collect();
            assert_eq!(noted, expected, "{transport:?}");
        }
    }

    #[test]
    fn what_is_read_comes_out_if_no_rule_is_broken() {
        let mut fields = Fields::over(Transport::Routes);
        let read = (fields.id("i_customer", 7), fields.text("name", "Sales"));
        let expected = (
            Id::parse(7).expect("an id"),
            Text::parse("Sales", Transport::Routes).expect("a text"),
        );
        assert_eq!(fields.finish(read).expect("no violation"), expected);
    }

    #[test]
    fn a_request_id_is_empty_or_a_uuid_in_its_common_form() {
        let mut fields = Fields::over(Transport::Routes);
        assert_eq!(fields.request_id("request_id", ""), None);
        let id = fields.request_id("request_id", "0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b60");
        assert!(id.is_some());
        assert_eq!(
            fields.request_id("request_id", "0197D0A4-6F3A-7C1E-9D3B-2F1A5C8E7B60"),
            id
        );
        for other in [
            "0197d0a46f3a7c1e9d3b2f1a5c8e7b60",
            "{0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b60}",
            "0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b6g",
            "1",
        ] {
            let mut fields = Fields::over(Transport::Routes);
            assert_eq!(fields.request_id("request_id", other), None);
            assert_eq!(violated(fields), ["request_id"], "{other}");
        }
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let long = "x".repeat(251);
        let mut fields = Fields::over(Transport::Reply);
        assert!(fields.id_if_set("i_account", 0).is_none());
        assert!(fields.id_if_set("i_account", 7).is_some());
        assert!(fields.number_if_set("content_id", 0).is_none());
        assert!(fields.number_if_set("content_id", -7).is_some());
        assert!(fields.text_if_set("name", "").is_none());
        assert!(fields.text_if_set("name", "\0").is_some());
        fields.id_if_set("i_account", -1);
        fields.number_if_set("content_id", 1 << 31);
        fields.text_if_set("name", &long);
        assert_eq!(violated(fields), ["i_account", "content_id", "name"]);
    }
}
