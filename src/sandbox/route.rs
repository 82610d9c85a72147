//! From a raw request target to what it asks for, the way a self-hosted `ServiceStack` v3 reads it.
//!
//! The path is decoded as a whole and only then split, so `%2F` splits a value and `+` is a space; `.` and `..` are
//! values like any other; empty segments are dropped and what follows moves up. Literals ignore case, values keep it.

use percent_encoding::percent_decode_str;

use super::negotiate::{self, Format};

/// The routes of the published page: the literal, then the members its values bind to.
const ROUTES: [(&str, &[&str]); 11] = [
    (
        "GetUnavailableExtensions",
        &["License", "ICustomer", "isUnavailable"],
    ),
    ("GetCustomerExtensions", &["License", "ICustomer"]),
    ("GetCustomerExtensions", &["License", "ICustomer", "IProducts"]),
    (
        "GetCustomerExtensionsActiveCalls",
        &["License", "ICustomer", "GetActiveCalls"],
    ),
    ("GetFilteringData", &["License", "ICustomer", "IsFiltering"]),
    (
        "GetCustomerExtensionsActiveCalls",
        &["License", "ICustomer", "GetActiveCalls", "IProducts"],
    ),
    (
        "DeleteCustomerExtension",
        &["License", "ICustomer", "ExtensionRecordId"],
    ),
    (
        "AddCustomerExtension",
        &["License", "ICustomer", "Name", "Id", "IAccount"],
    ),
    ("GetOnlineAccounts", &["License", "ICustomer", "GetSipStatus"]),
    (
        "AddCustomerExtenGetIdentitysion",
        &["License", "ICustomer", "Name", "Id", "IAccount"],
    ),
    (
        "UpdateCustomerExtension",
        &[
            "License",
            "ICustomer",
            "ExtensionRecordId",
            "Name",
            "Id",
            "IAccount",
        ],
    ),
];

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One of the published routes, with the values of its path by member.
    Route(Vec<(&'static str, String)>),
    /// `/csv/reply/CustomerExtension`: the members are elsewhere.
    Reply,
    /// `/csv/metadata`: the published page.
    Page,
    /// Nothing that is served.
    Nothing,
}

/// Reads the path of a request, as it was sent, and the format that its suffix asks for.
pub(super) fn parse(raw_path: &str) -> (Target, Option<Format>) {
    let path = percent_decode_str(&raw_path.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned();
    let (target, suffix) = (find(&path), negotiate::split_suffix(&path));
    match (target, suffix) {
        // Only the published routes know suffixes; `/csv/reply/CustomerExtension.csv` is no operation.
        (Target::Route(_) | Target::Nothing, Some((path, format))) => match find(path) {
            route @ Target::Route(_) => (route, Some(format)),
            _ => (Target::Nothing, None),
        },
        (target, _) => (target, None),
    }
}

fn find(path: &str) -> Target {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        [csv, reply, name] if is(csv, "csv") && is(reply, "reply") && is(name, "CustomerExtension") => {
            return Target::Reply;
        }
        [csv, page] if is(csv, "csv") && is(page, "metadata") => return Target::Page,
        _ => {}
    }
    let Some((first, values)) = segments.split_first() else {
        return Target::Nothing;
    };
    ROUTES
        .iter()
        .find(|(literal, members)| is(first, literal) && members.len() == values.len())
        .map_or(Target::Nothing, |(_, members)| {
            Target::Route(
                members
                    .iter()
                    .copied()
                    .zip(values.iter().map(ToString::to_string))
                    .collect(),
            )
        })
}

fn is(segment: &str, literal: &str) -> bool {
    segment.eq_ignore_ascii_case(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(raw_path: &str) -> Option<Vec<String>> {
        match parse(raw_path).0 {
            Target::Route(values) => Some(values.into_iter().map(|(_, value)| value).collect()),
            _ => None,
        }
    }

    #[test]
    fn every_published_route_is_found_with_its_members() {
        for (literal, members) in ROUTES {
            let path = format!("/{literal}/{}", vec!["v"; members.len()].join("/"));
            let Target::Route(bound) = parse(&path).0 else {
                panic!("{path} is no route");
            };
            assert_eq!(
                bound.iter().map(|(member, _)| *member).collect::<Vec<_>>(),
                members
            );
        }
    }

    #[test]
    fn an_encoded_slash_splits_and_a_plus_is_a_space() {
        assert_eq!(
            values("/GetCustomerExtensions/a%2Fb"),
            Some(vec!["a".into(), "b".into()])
        );
        assert_eq!(
            values("/GetCustomerExtensions/L/+1"),
            Some(vec!["L".into(), " 1".into()])
        );
        assert_eq!(
            values("/GetCustomerExtensions/L/%2B1"),
            Some(vec!["L".into(), "+1".into()])
        );
    }

    #[test]
    fn dots_are_values_and_empty_segments_are_not() {
        let dots = Some(vec!["L".into(), "..".into(), "%".into()]);
        assert_eq!(values("/GetCustomerExtensions/L/%2e%2E/%25"), dots);
        assert_eq!(
            values("//getcustomerextensions//L/1/"),
            Some(vec!["L".into(), "1".into()])
        );
        assert_eq!(values("/GetCustomerExtensions/L"), None);
    }

    #[test]
    fn only_the_last_suffix_is_taken_off() {
        let (target, format) = parse("/GetCustomerExtensions/L/1/a.json.csv");
        let expected = [("License", "L"), ("ICustomer", "1"), ("IProducts", "a.json")];
        assert_eq!(
            target,
            Target::Route(expected.map(|(m, v)| (m, v.to_owned())).into())
        );
        assert_eq!(format, Some(Format::Csv));
        assert_eq!(
            values("/GetCustomerExtensions/L/1.CSV"),
            Some(vec!["L".into(), "1.CSV".into()])
        );
    }

    #[test]
    fn the_reply_route_and_the_page_are_told_apart() {
        assert_eq!(parse("/csv/reply/CustomerExtension").0, Target::Reply);
        assert_eq!(parse("/CSV/metadata").0, Target::Page);
        assert_eq!(parse("/csv/reply/Other").0, Target::Nothing);
        assert_eq!(parse("/").0, Target::Nothing);
    }
}
