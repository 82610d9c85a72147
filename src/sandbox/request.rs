//! From the parts of an HTTP request to what it asks for: routing, negotiation and binding put together.
//!
//! Pure: the body has been read, nothing is sent. Of the sources of a member the later wins: path, then query. A
//! `POST` to the reply route takes its members from a form body and from nowhere else.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

use super::bind::{Members, Unbindable};
use super::negotiate::{self, Format};
use super::route::{self, Target};

/// The parts of a request that matter here.
pub(super) struct Parts<'a> {
    pub(super) method: &'a str,
    /// The path as it was sent.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What a request asks for.
pub(super) enum Asked {
    /// The service, to be answered in this format.
    Service(Format, Result<Members, Unreadable>),
    /// The published page.
    Page,
    /// Nothing that is served, or not with this verb.
    Nothing,
}

/// Why no members could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A text does not fit its member.
    Unbindable,
    /// A body that v3 has no reader for.
    Undeserializable,
    /// The service has no method for the verb.
    Verb,
}

impl From<Unbindable> for Unreadable {
    fn from(Unbindable: Unbindable) -> Self {
        Self::Unbindable
    }
}

/// Reads a request.
pub(super) fn read(parts: &Parts<'_>) -> Asked {
    let query = texts(parts.query.as_bytes());
    let is_form = header(parts, CONTENT_TYPE.as_str())
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded");
    let form = if is_form { texts(parts.body) } else { Vec::new() };
    let verb = overridden(parts, &query, &form).to_ascii_uppercase();
    let format = value(&query, "format");
    match route::parse(parts.path) {
        (Target::Route(path), suffix) if verb == "GET" => {
            let format = negotiate::choose(suffix, format, &header(parts, ACCEPT.as_str()));
            let path = path.iter().map(|(name, text)| (*name, text.as_str()));
            let bound = Members::bind(path.chain(borrowed(&query)));
            Asked::Service(format, bound.map_err(Into::into))
        }
        (Target::Reply, _) if verb != "HEAD" => {
            let format = negotiate::choose(None, format, Format::Csv.content_type());
            Asked::Service(format, reply_members(&verb, parts, is_form, &query, &form))
        }
        (Target::Page, _) if verb == "GET" && is_published(&query) => Asked::Page,
        _ => Asked::Nothing,
    }
}

fn reply_members(
    verb: &str,
    parts: &Parts<'_>,
    is_form: bool,
    query: &[(String, String)],
    form: &[(String, String)],
) -> Result<Members, Unreadable> {
    match verb {
        "GET" => Ok(Members::bind(borrowed(query))?),
        "POST" if is_form => Ok(Members::bind(borrowed(form))?),
        "POST" if parts.body.is_empty() => Ok(Members::default()),
        "POST" => Err(Unreadable::Undeserializable),
        _ => Err(Unreadable::Verb),
    }
}

/// The verb v3 goes by: a header, a query parameter or a form field can replace the request's own.
fn overridden(parts: &Parts<'_>, query: &[(String, String)], form: &[(String, String)]) -> String {
    const NAME: &str = "X-Http-Method-Override";
    [
        header(parts, NAME).as_str(),
        value(query, NAME).unwrap_or(""),
        value(form, NAME).unwrap_or(""),
    ]
    .into_iter()
    .find(|verb| !verb.is_empty())
    .unwrap_or(parts.method)
    .to_owned()
}

fn is_published(query: &[(String, String)]) -> bool {
    value(query, "op").is_some_and(|operation| operation.eq_ignore_ascii_case("CustomerExtension"))
}

/// The pairs of a query or form, those of one name joined by commas at the place of the first.
fn texts(encoded: &[u8]) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, text) in form_urlencoded::parse(encoded).into_owned() {
        match joined
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            Some((_, texts)) => {
                texts.push(',');
                texts.push_str(&text);
            }
            None => joined.push((name, text)),
        }
    }
    joined
}

fn borrowed(texts: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

fn value<'a>(texts: &'a [(String, String)], name: &str) -> Option<&'a str> {
    borrowed(texts)
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, text)| text)
}

/// All values of a header in one, empty where it is missing.
fn header(parts: &Parts<'_>, name: &str) -> String {
    let values: Vec<&str> = parts
        .headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    const REPLY: &str = "/csv/reply/CustomerExtension";

    fn ask(
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> Asked {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, text)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(text),
                )
            })
            .collect();
        read(&Parts {
            method,
            path,
            query,
            headers: &headers,
            body: body.as_bytes(),
        })
    }

    fn bound(asked: Asked) -> Members {
        match asked {
            Asked::Service(_, Ok(members)) => members,
            Asked::Service(_, Err(unreadable)) => panic!("not read: {unreadable:?}"),
            Asked::Page | Asked::Nothing => panic!("not the service"),
        }
    }

    #[test]
    fn the_query_overrides_the_path() {
        let members = bound(ask("GET", "/GetCustomerExtensions/x/1", "license=LIC", &[], ""));
        assert_eq!((members.license.as_deref(), members.customer), (Some("LIC"), 1));
    }

    #[test]
    fn a_query_name_given_twice_is_joined_by_a_comma() {
        let members = bound(ask("GET", REPLY, "IProducts=11&iproducts=12", &[], ""));
        assert_eq!(members.products.as_deref(), Some("11,12"));
    }

    #[test]
    fn a_posted_reply_reads_its_form_and_not_its_query() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let members = bound(ask("POST", REPLY, "ICustomer=9", &form, "Name=a%2Fb+c"));
        assert_eq!((members.customer, members.name.as_deref()), (0, Some("a/b c")));
    }

    #[test]
    fn v3_reads_no_csv_body() {
        let csv = [("content-type", "text/csv")];
        let asked = ask("POST", REPLY, "", &csv, "ICustomer\r\n1\r\n");
        assert!(matches!(
            asked,
            Asked::Service(Format::Csv, Err(Unreadable::Undeserializable))
        ));
    }

    #[test]
    fn the_verb_can_be_overridden_from_anywhere() {
        let route = "/GetCustomerExtensions/L/1";
        assert!(matches!(ask("POST", route, "", &[], ""), Asked::Nothing));
        assert_eq!(
            bound(ask("POST", route, "", &[("x-http-method-override", "get")], "")).customer,
            1
        );
        assert!(matches!(
            ask("GET", route, "X-Http-Method-Override=DELETE", &[], ""),
            Asked::Nothing
        ));
    }

    #[test]
    fn only_the_published_operation_has_a_page() {
        assert!(matches!(
            ask("GET", "/csv/metadata", "op=CustomerExtension", &[], ""),
            Asked::Page
        ));
        assert!(matches!(
            ask("GET", "/csv/metadata", "op=Other", &[], ""),
            Asked::Nothing
        ));
    }

    proptest! {
        #[test]
        fn an_encoded_text_without_a_slash_arrives_by_any_way(name in "[^/]{1,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            let path = format!("/AddCustomerExtension/LIC/1/{encoded}/201/0.csv");
            let members = bound(ask("GET", &path, "", &[], ""));
            prop_assert_eq!(members.name.as_deref(), Some(name.as_str()));

            let members = bound(ask("GET", REPLY, &format!("Name={encoded}"), &[], ""));
            prop_assert_eq!(members.name.as_deref(), Some(name.as_str()));
        }

        #[test]
        fn no_request_is_beyond_reading(path in "[/.%+a-zA-Z0-9]{0,60}", query in ".{0,60}", body in ".{0,60}") {
            let form = [("content-type", "application/x-www-form-urlencoded")];
            let _ = ask("POST", &path, &query, &form, &body);
            let _ = ask("GET", &format!("/GetCustomerExtensions{path}"), &query, &[], "");
        }
    }
}
