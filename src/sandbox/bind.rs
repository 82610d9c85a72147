//! From names and texts to the members of the one request type, as v3 binds them.
//!
//! Names ignore case, unknown names are ignored, an empty text leaves its member alone, and of two sources the later
//! one wins. The first text that does not fit its member refuses the whole request.

use std::collections::BTreeMap;

use super::operation::Operation;

/// The request type of the service.
///
/// No `Debug`: one of the members is the licence.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the request type of the wire, member for member"
)]
pub(super) struct Members {
    pub(super) customer: i32,
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) record: i32,
    pub(super) account: i32,
    pub(super) products: Option<String>,
    pub(super) active_calls: bool,
    pub(super) filtering: bool,
    pub(super) sip_status: bool,
    pub(super) unavailable: bool,
    pub(super) license: Option<String>,
    pub(super) content: i32,
    pub(super) feature: Option<String>,
}

/// A text does not fit the member it was given for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unbindable;

impl Members {
    /// Binds the texts in order. The texts of one source that share a name must have been joined before.
    pub(super) fn bind<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Unbindable> {
        let mut last: BTreeMap<String, &str> = BTreeMap::new();
        for (name, text) in texts {
            last.insert(name.to_ascii_lowercase(), text);
        }
        last.retain(|_, text| !text.is_empty());
        let text = |name: &str| last.get(name).map(ToString::to_string);
        let int = |name: &str| last.get(name).map_or(Ok(0), |text| parse_int(text));
        let flag = |name: &str| last.get(name).map_or(Ok(false), |text| parse_bool(text));
        Ok(Self {
            customer: int("icustomer")?,
            name: text("name"),
            id: text("id"),
            record: int("extensionrecordid")?,
            account: int("iaccount")?,
            products: text("iproducts"),
            active_calls: flag("getactivecalls")?,
            filtering: flag("isfiltering")?,
            sip_status: flag("getsipstatus")?,
            unavailable: flag("isunavailable")?,
            license: text("license"),
            content: int("contentid")?,
            feature: text("featurename"),
        })
    }

    /// The operation that this request is for: the service looks at the members, never at the route.
    pub(super) fn operation(&self) -> Operation {
        if self.active_calls {
            Operation::ActiveCalls
        } else if self.filtering {
            Operation::FilteringData
        } else if self.sip_status {
            Operation::OnlineAccounts
        } else if self.unavailable {
            Operation::UnavailableExtensions
        } else {
            match (self.record, &self.name) {
                (0, None) => Operation::Extensions,
                (0, Some(_)) => Operation::Add,
                (_, Some(_)) => Operation::Update,
                (_, None) => Operation::Delete,
            }
        }
    }

    /// The members that are set, by their names on the wire and without the licence.
    pub(super) fn shown(&self) -> BTreeMap<&'static str, String> {
        let Self {
            customer,
            name,
            id,
            record,
            account,
            products,
            active_calls,
            filtering,
            sip_status,
            unavailable,
            license: _,
            content,
            feature,
        } = self;
        let ints = [
            ("ICustomer", customer),
            ("ExtensionRecordId", record),
            ("IAccount", account),
            ("ContentId", content),
        ];
        let texts = [
            ("Name", name),
            ("Id", id),
            ("IProducts", products),
            ("FeatureName", feature),
        ];
        let flags = [
            ("GetActiveCalls", active_calls),
            ("IsFiltering", filtering),
            ("GetSipStatus", sip_status),
            ("isUnavailable", unavailable),
        ];
        let ints = ints
            .into_iter()
            .filter(|(_, int)| **int != 0)
            .map(|(name, int)| (name, int.to_string()));
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?)));
        let flags = flags
            .into_iter()
            .filter(|(_, flag)| **flag)
            .map(|(name, _)| (name, "True".to_owned()));
        ints.chain(texts).chain(flags).collect()
    }
}

/// `int.Parse`: blanks around, a sign and leading zeros are fine.
fn parse_int(text: &str) -> Result<i32, Unbindable> {
    text.trim_matches(|c| matches!(c, ' ' | '\t'..='\r'))
        .parse()
        .map_err(|_| Unbindable)
}

/// One character is true if it is `1` and false otherwise; anything longer is `bool.Parse`. Both look no further than
/// the first comma.
fn parse_bool(text: &str) -> Result<bool, Unbindable> {
    let text = text.split(',').next().unwrap_or_default();
    if text.chars().count() == 1 {
        return Ok(text == "1");
    }
    let word = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if word.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if word.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Unbindable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_bind_as_dotnet_parses_them() {
        for (text, expected) in [
            ("1", Ok(1)),
            (" 1", Ok(1)),
            ("+1", Ok(1)),
            ("-1", Ok(-1)),
            ("007\t", Ok(7)),
            ("abc", Err(Unbindable)),
            ("1.0", Err(Unbindable)),
            ("99999999999", Err(Unbindable)),
            (" ", Err(Unbindable)),
        ] {
            assert_eq!(parse_int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn one_character_is_true_only_if_it_is_a_one() {
        for (text, expected) in [
            ("1", Ok(true)),
            ("0", Ok(false)),
            ("y", Ok(false)),
            ("TRUE", Ok(true)),
            ("False", Ok(false)),
            ("True,False", Ok(true)),
            ("yes", Err(Unbindable)),
            ("10", Err(Unbindable)),
        ] {
            assert_eq!(parse_bool(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_later_source_wins_and_an_empty_text_sets_nothing() {
        let bound = Members::bind([
            ("Name", "path"),
            ("Id", "7"),
            ("name", "query"),
            ("FeatureName", ""),
        ]);
        let bound = bound.expect("every text fits");
        assert_eq!(
            (bound.name.as_deref(), bound.id.as_deref()),
            (Some("query"), Some("7"))
        );
        assert_eq!(bound.feature, None);
    }

    #[test]
    fn the_members_tell_the_operation() {
        let operation = |texts: &[(&'static str, &'static str)]| {
            Members::bind(texts.iter().copied())
                .expect("every text fits")
                .operation()
        };
        assert_eq!(operation(&[("ICustomer", "1")]), Operation::Extensions);
        assert_eq!(operation(&[("isUnavailable", "False")]), Operation::Extensions);
        assert_eq!(
            operation(&[("isUnavailable", "True")]),
            Operation::UnavailableExtensions
        );
        assert_eq!(
            operation(&[("GetActiveCalls", "1"), ("Name", "x")]),
            Operation::ActiveCalls
        );
        assert_eq!(operation(&[("Name", "x")]), Operation::Add);
        assert_eq!(
            operation(&[("Name", "x"), ("ExtensionRecordId", "1")]),
            Operation::Update
        );
        assert_eq!(operation(&[("ExtensionRecordId", "1")]), Operation::Delete);
    }

    #[test]
    fn the_licence_is_never_shown() {
        let bound = Members::bind([
            ("License", "secret"),
            ("ICustomer", "1"),
            ("GetSipStatus", "true"),
        ]);
        let shown = bound.expect("every text fits").shown();
        assert_eq!(
            shown,
            BTreeMap::from([("ICustomer", "1".to_owned()), ("GetSipStatus", "True".to_owned())])
        );
    }
}
