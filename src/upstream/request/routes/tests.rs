//! A path comes out of every host and library as the values that went in.

use proptest::prelude::*;

use super::*;
use crate::upstream::operation::{AddExtension, ListExtensions, NewExtension};
use crate::upstream::value::{Id, OptionalId, ProductIds, Text};
use crate::upstream::{Operation, Transport};

fn base() -> BaseUrl {
    "http://porta.example.com/ws".parse().expect("a URL")
}

fn license(text: &str) -> License {
    License::parse("main", text, Transport::Routes).expect("a licence")
}

fn add(name: &str, id: &str) -> Option<AddExtension> {
    Some(AddExtension(NewExtension {
        i_customer: Id::parse(1).ok()?,
        name: Text::parse(name, Transport::Routes).ok()?,
        id: Text::parse(id, Transport::Routes).ok()?,
        i_account: OptionalId::parse(0).ok()?,
    }))
}

/// The path of a request, after a URL library has had its way with it.
fn path_of(operation: &impl Operation, secret: &str) -> String {
    let license = license(secret);
    let written = request(
        operation.route().expect("a route"),
        &operation.members(),
        &base(),
        &license,
    );
    let request = written.expect("checked values fit");
    let path = request.uri().path().to_owned();
    let url = reqwest::Url::parse(&request.uri().to_string()).expect("a URL");
    assert_eq!(url.path(), path, "a URL library leaves the path alone");
    assert_eq!(url.query(), None);
    path
}

/// What a host makes of the path: its segments, decoded, without the suffix.
fn segments(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".csv").expect("the suffix");
    path.split('/')
        .map(|segment| {
            percent_decode_str(segment)
                .decode_utf8()
                .expect("UTF-8")
                .into_owned()
        })
        .collect()
}

proptest! {
    #[test]
    fn a_host_that_splits_and_decodes_gets_the_very_values(
        name in any::<String>(), id in "\\PC{0,20}", secret in "[./%a-z+ ;?#-]{1,9}",
    ) {
        prop_assume!(License::parse("main", &secret, Transport::Routes).is_ok());
        prop_assume!(clash(&[&*name, &*id].into_iter()).is_none());
        if let Some(operation) = add(&name, &id) {
            let path = path_of(&operation, &secret);
            let expected = ["", "ws", "AddCustomerExtension", &secret, "1", &name, &id, "0"];
            prop_assert_eq!(segments(&path), expected);
        }
    }

    #[test]
    fn dots_and_percents_in_any_order_are_no_way_out(name in "[.%2eEfF5cC]{1,12}") {
        if let Some(operation) = add(&name, "1") {
            prop_assert_eq!(&segments(&path_of(&operation, "LIC"))[5], &name);
        }
    }

    #[test]
    fn the_last_segment_keeps_its_text_before_the_suffix(product in "[.a-z%]{1,9}(.csv|.json)?") {
        if let Ok(products) = ProductIds::parse(std::slice::from_ref(&product), Transport::Routes) {
            let i_customer = Id::parse(1).expect("an id");
            let path = path_of(&ListExtensions { i_customer, products }, "LIC");
            prop_assert_eq!(segments(&path), ["", "ws", "GetCustomerExtensions", "LIC", "1", &product]);
        }
    }
}

#[test]
fn everything_but_plain_characters_and_inner_dots_is_encoded() {
    for (text, encoded) in [
        ("Az09-_~", "Az09-_~"),
        ("a.b", "a.b"),
        (".a.b.", "%2Ea.b%2E"),
        ("...", "%2E%2E%2E"),
        ("*98", "%2A98"),
        ("a+b c", "a%2Bb%20c"),
        ("100%", "100%25"),
        ("%2e", "%252e"),
        ("é", "%C3%A9"),
        ("a:b&c<d>", "a%3Ab%26c%3Cd%3E"),
    ] {
        assert_eq!(encode(text), encoded);
    }
}

#[test]
fn a_path_that_became_another_route_does_not_fit() {
    let value = |name: &str| match name {
        "A" => Some("x/y"),
        "B" => Some(".."),
        "C" => Some("ok"),
        _ => None,
    };
    assert!(fits("Get/ok", "Get/{C}", value));
    for (path, template) in [
        ("Get/x%2Fy", "Get/{A}"),
        ("Get/x/y", "Get/{A}"),
        ("Get/..", "Get/{B}"),
        ("Get/%2E%2E", "Get/{B}"),
        ("Get/ok/more", "Get/{C}"),
        ("Get", "Get/{C}"),
        ("Got/ok", "Get/{C}"),
        ("Get/other", "Get/{C}"),
        ("Get/%FF", "Get/{C}"),
    ] {
        assert!(!fits(path, template, value), "{path}");
    }
}

#[test]
fn a_template_without_its_value_is_no_request() {
    let request = request(
        "Get/{License}/{Missing}",
        &Members::default(),
        &base(),
        &license("LIC"),
    );
    assert!(matches!(
        request,
        Err(Error::Unroutable {
            template: "Get/{License}/{Missing}"
        })
    ));
}
