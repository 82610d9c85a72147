//! Texts that mean something to a path, a form, a CSV cell or a terminal arrive unchanged, there and back.

use portico::proto::v1::{AddExtensionRequest, ListExtensionsRequest, ReplyRequest};
use portico::upstream::Transport;

use crate::support::{Gateway, RunningSandbox};

/// Texts that every transport carries.
const CARRIED: &[&str] = &[
    "%2e%2e",
    "%2E",
    "a%2Fb",
    "%00",
    "a?b",
    "a#b",
    "a+b",
    "a b",
    " a ",
    "*98",
    "100%",
    "a;b",
    "a&b=c",
    "a:b",
    "..x",
    "x..",
    "...",
    ".hidden",
    "x.json",
    "x.csv",
    ".csv",
    "a,b",
    "say \"hi\"",
    "\"",
    "{a:b}",
    "[1,2]",
    "a{b}",
    "'; drop",
    "<b>",
    "José 🎧",
    "👩\u{200d}👩\u{200d}👧",
    "مرحبا بالعالم",
    "\u{202e}abc",
    "שלום, עולם",
    "e\u{301}",
    "\u{feff}x",
    "null",
    "True",
];

/// Texts that only a form carries.
const ONLY_IN_A_FORM: &[&str] = &[
    ".",
    "..",
    "/",
    "a/b",
    "../../x",
    "a\\b",
    "\0",
    "a\0b",
    "\u{1}\u{1f}\u{7f}",
    "\t",
    "line1\nline2",
    "line1\r\nline2",
    "\r",
    "\u{85}",
    "%%😀",
    "😀 100%",
    "\u{200b}<?~_\u{200b}",
];

/// Adds an extension with each text as its name and another with it as its number; checks what arrived and came back.
async fn round_trip(transport: Transport, texts: &[&str]) {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, transport).await;
    let mut client = gateway.client().await;
    for (text, i_customer) in texts.iter().zip(3..) {
        for (name, id) in [(*text, "900"), ("plain", *text)] {
            let request = AddExtensionRequest {
                i_customer,
                name: name.to_owned(),
                id: id.to_owned(),
                i_account: 0,
                request_id: String::new(),
            };
            let added = client.add_extension(request).await;
            let added = added.unwrap_or_else(|status| panic!("{text:?} over {transport:?}: {status:?}"));
            let extension = added.into_inner().extension.expect("an extension");
            assert_eq!((&*extension.name, &*extension.id), (name, id), "{transport:?}");

            let seen = sandbox.handle.stats().recent.pop_back().expect("it has arrived");
            assert_eq!(seen.operation, "Add");
            assert_eq!(
                (&*seen.members["Name"], &*seen.members["Id"]),
                (name, id),
                "{transport:?}"
            );
        }
        let request = ListExtensionsRequest {
            i_customer,
            product_ids: vec![],
        };
        let listed = client
            .list_extensions(request)
            .await
            .expect("an answer")
            .into_inner();
        let listed: Vec<_> = listed.extensions.iter().map(|e| (&*e.name, &*e.id)).collect();
        assert_eq!(listed, [(*text, "900"), ("plain", *text)], "{transport:?}");
    }
}

#[tokio::test]
async fn the_routes_carry_every_text_that_they_take() {
    round_trip(Transport::Routes, CARRIED).await;
}

#[tokio::test]
async fn the_form_carries_every_text() {
    round_trip(Transport::Reply, CARRIED).await;
    round_trip(Transport::Reply, ONLY_IN_A_FORM).await;
}

#[tokio::test]
async fn texts_of_250_characters_arrive_whatever_their_bytes() {
    for transport in crate::support::TRANSPORTS {
        round_trip(transport, &[&"x".repeat(250), &"🎧".repeat(250)]).await;
    }
}

#[tokio::test]
async fn the_rpc_reply_carries_every_text_over_either_transport() {
    for transport in crate::support::TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        for text in ONLY_IN_A_FORM {
            let request = ReplyRequest {
                i_customer: 3,
                name: (*text).to_owned(),
                id: (*text).to_owned(),
                feature_name: (*text).to_owned(),
                ..ReplyRequest::default()
            };
            let answer = client.reply(request).await.expect("an answer").into_inner();
            let extension = answer.extension.expect("an extension");
            let answered = (&*extension.name, &*extension.id, &*answer.feature_name);
            assert_eq!(answered, (*text, *text, *text), "{transport:?}");
        }
    }
}

#[tokio::test]
async fn product_ids_arrive_joined_even_where_they_are_the_last_segment() {
    for transport in crate::support::TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        for last in ["11", "x.json", "x.csv", "y..", "..y", "a+b", "100%", "a b", "🎧"] {
            let product_ids = vec!["10".to_owned(), last.to_owned()];
            let request = ListExtensionsRequest {
                i_customer: 2,
                product_ids,
            };
            client.list_extensions(request).await.expect("an answer");
            let seen = sandbox.seen().pop().expect("it has arrived");
            assert_eq!(seen.members["IProducts"], format!("10,{last}"), "{transport:?}");
        }
    }
}
