//! What breaks a rule is refused with every field named, and the upstream hears nothing of it.

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    ActiveCallsRequest, AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest,
    GetFilteringDataRequest, ListActiveCallsRequest, ListExtensionsRequest, ListOnlineAccountsRequest,
    ListUnavailableExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use portico::upstream::Transport;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::support::{Gateway, RunningSandbox, TRANSPORTS, reason, violated_fields};

type Client = CustomerExtensionServiceClient<Channel>;

/// The fields named by a refusal.
fn refused<T>(answer: Result<Response<T>, Status>) -> Vec<String> {
    let status = answer.err().expect("a refusal");
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::InvalidArgument, "INVALID_REQUEST")
    );
    violated_fields(&status)
}

fn add(name: &str, id: &str) -> AddExtensionRequest {
    AddExtensionRequest {
        i_customer: 3,
        name: name.to_owned(),
        id: id.to_owned(),
        i_account: 0,
        request_id: String::new(),
    }
}

#[tokio::test]
async fn texts_that_routes_cannot_carry_are_refused_before_anything_is_sent() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    let long = "x".repeat(300);
    let bad = [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "a\\b",
        &long,
        "a\nb",
        "\t",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        "\0",
        "a\0b",
    ];
    for text in bad {
        assert_eq!(
            refused(client.add_extension(add(text, "201")).await),
            ["name"],
            "{text:?}"
        );
        assert_eq!(
            refused(client.add_extension(add("Sales", text)).await),
            ["id"],
            "{text:?}"
        );
        assert_eq!(
            refused(client.add_extension(add(text, text)).await),
            ["name", "id"],
            "{text:?}"
        );
        let request = AddExtensionGetIdentityRequest {
            i_customer: 3,
            name: text.to_owned(),
            id: text.to_owned(),
            i_account: 0,
            request_id: String::new(),
        };
        assert_eq!(
            refused(client.add_extension_get_identity(request).await),
            ["name", "id"]
        );
        let request = UpdateExtensionRequest {
            i_customer: 3,
            i_c_ext: 5001,
            name: text.to_owned(),
            id: text.to_owned(),
            i_account: Some(0),
            request_id: String::new(),
        };
        assert_eq!(refused(client.update_extension(request).await), ["name", "id"]);
        let product_ids = vec!["11".to_owned(), text.to_owned()];
        let request = ListExtensionsRequest {
            i_customer: 1,
            product_ids,
        };
        assert_eq!(refused(client.list_extensions(request).await), ["product_ids[1]"]);
    }
    assert_eq!(sandbox.seen(), []);
    assert_eq!(
        sandbox.handle.stats().by_operation.keys().collect::<Vec<_>>(),
        [&"none"]
    );
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_and_points_to_the_other_transport() {
    use tonic_types::StatusExt as _;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let status = gateway.client().await.add_extension(add("..", "a/b")).await;
    let details = status
        .expect_err("a refusal")
        .get_details_bad_request()
        .expect("a BadRequest");
    for violation in &details.field_violations {
        assert!(violation.description.contains("`reply`"), "{violation:?}");
    }
}

#[tokio::test]
async fn the_form_refuses_only_empty_and_long_texts() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Reply).await;
    let mut client = gateway.client().await;
    assert_eq!(
        refused(client.add_extension(add("", &"x".repeat(251))).await),
        ["name", "id"]
    );
    let request = ReplyRequest {
        i_customer: 1,
        name: "x".repeat(251),
        feature_name: "ü".repeat(251),
        i_products: "1".repeat(251),
        ..ReplyRequest::default()
    };
    assert_eq!(
        refused(client.reply(request).await),
        ["name", "i_products", "feature_name"]
    );
    assert_eq!(sandbox.seen(), []);
}

/// What a status takes of the header list that a client bounds: each entry counts 32 bytes more than its texts.
fn header_list_size(status: &Status) -> usize {
    let mut trailers = http::HeaderMap::new();
    status
        .add_header(&mut trailers)
        .expect("a status that fits headers");
    let sizes = trailers.iter();
    sizes
        .map(|(name, value)| name.as_str().len() + value.len() + 32)
        .sum()
}

#[tokio::test]
async fn of_thousands_of_violations_the_first_are_told_and_the_rest_are_counted() {
    use tonic_types::StatusExt as _;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    // The sentences have different lengths: a count alone does not bound the status.
    for (bad, least) in [("", 50), ("/", 50), ("%😀", 30)] {
        let product_ids = vec![bad.to_owned(); 8_000];
        let request = ListExtensionsRequest {
            i_customer: 0,
            product_ids: product_ids.clone(),
        };
        let unary = client.list_extensions(request).await.map(|_| ());
        let request = ActiveCallsRequest {
            i_customer: 0,
            product_ids,
            ..ActiveCallsRequest::default()
        };
        let watch = client.active_calls(request).await.map(|_| ());
        for status in [unary, watch].map(|answer| answer.expect_err("a refusal")) {
            assert_eq!(status.code(), Code::InvalidArgument, "{bad}");
            let told = violated_fields(&status);
            let first = (0..).map(|index| format!("product_ids[{index}]"));
            let expected = std::iter::once("i_customer".to_owned()).chain(first);
            assert_eq!(told, expected.take(told.len()).collect::<Vec<_>>(), "{bad}");
            assert!((least..=50).contains(&told.len()), "{bad}: {}", told.len());
            let info = status.get_details_error_info().expect("an ErrorInfo");
            assert_eq!(
                info.metadata["violations_left_out"],
                (8_001 - told.len()).to_string()
            );
            assert!(
                header_list_size(&status) < 8 * 1024,
                "{bad}: {}",
                header_list_size(&status)
            );
        }
    }
    let status = client.add_extension(add("", "")).await.expect_err("a refusal");
    let info = status.get_details_error_info().expect("an ErrorInfo");
    assert_eq!(info.metadata.get("violations_left_out"), None, "all are told");
}

/// The fields that each RPC names when every id is `id`.
async fn all_ids(client: &mut Client, id: i64) -> Vec<Vec<String>> {
    let (name, number) = ("Sales".to_owned(), "201".to_owned());
    let add = AddExtensionRequest {
        i_customer: id,
        name: name.clone(),
        id: number.clone(),
        i_account: id,
        request_id: String::new(),
    };
    let identity = AddExtensionGetIdentityRequest {
        i_customer: id,
        name: name.clone(),
        id: number.clone(),
        i_account: id,
        request_id: String::new(),
    };
    let update = UpdateExtensionRequest {
        i_customer: id,
        i_c_ext: id,
        name,
        id: number,
        i_account: Some(id),
        request_id: String::new(),
    };
    vec![
        refused(
            client
                .list_extensions(ListExtensionsRequest {
                    i_customer: id,
                    product_ids: vec![],
                })
                .await,
        ),
        refused(
            client
                .list_unavailable_extensions(ListUnavailableExtensionsRequest { i_customer: id })
                .await,
        ),
        refused(
            client
                .get_filtering_data(GetFilteringDataRequest { i_customer: id })
                .await,
        ),
        refused(
            client
                .list_online_accounts(ListOnlineAccountsRequest { i_customer: id })
                .await,
        ),
        refused(
            client
                .list_active_calls(ListActiveCallsRequest {
                    i_customer: id,
                    product_ids: vec![],
                })
                .await,
        ),
        refused(
            client
                .active_calls(ActiveCallsRequest {
                    i_customer: id,
                    ..Default::default()
                })
                .await,
        ),
        refused(client.add_extension(add).await),
        refused(client.add_extension_get_identity(identity).await),
        refused(client.update_extension(update).await),
        refused(
            client
                .delete_extension(DeleteExtensionRequest {
                    i_customer: id,
                    i_c_ext: id,
                    request_id: String::new(),
                })
                .await,
        ),
    ]
}

#[tokio::test]
async fn ids_outside_the_upstreams_integers_are_refused_by_every_rpc() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        for id in [-1, 2_147_483_648, i64::MIN, i64::MAX] {
            let mut expected = vec![vec!["i_customer"]; 6];
            expected.extend([
                vec!["i_customer", "i_account"],
                vec!["i_customer", "i_account"],
                vec!["i_customer", "i_c_ext", "i_account"],
                vec!["i_customer", "i_c_ext"],
            ]);
            assert_eq!(all_ids(&mut client, id).await, expected, "{id}");

            let request = ReplyRequest {
                i_customer: id,
                extension_record_id: id,
                i_account: id,
                ..ReplyRequest::default()
            };
            let fields = ["i_customer", "extension_record_id", "i_account"];
            assert_eq!(refused(client.reply(request).await), fields, "{id}");
        }
        for i_customer in [0, 2_147_483_648] {
            let request = DeleteExtensionRequest {
                i_customer,
                i_c_ext: 1,
                request_id: String::new(),
            };
            assert_eq!(refused(client.delete_extension(request).await), ["i_customer"]);
        }
        let request = DeleteExtensionRequest {
            i_customer: 1,
            i_c_ext: 0,
            request_id: String::new(),
        };
        assert_eq!(refused(client.delete_extension(request).await), ["i_c_ext"]);
        assert_eq!(sandbox.seen(), []);
    }
}

#[tokio::test]
async fn the_largest_ids_arrive() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let request = AddExtensionRequest {
            i_customer: 2_147_483_647,
            i_account: 2_147_483_647,
            ..add("a", "1")
        };
        gateway
            .client()
            .await
            .add_extension(request)
            .await
            .expect("an answer");
        let seen = sandbox.seen().pop().expect("it was asked");
        assert_eq!(seen.members["ICustomer"], "2147483647");
        assert_eq!(seen.members["IAccount"], "2147483647");
    }
}

#[tokio::test]
async fn bad_fields_are_reported_together() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let request = UpdateExtensionRequest {
            i_customer: 0,
            i_c_ext: -1,
            name: String::new(),
            id: "x".repeat(251),
            i_account: Some(i64::MAX),
            request_id: String::new(),
        };
        let fields = ["i_customer", "i_c_ext", "name", "id", "i_account"];
        assert_eq!(refused(client.update_extension(request).await), fields);

        let product_ids = ["11", "", "12,13", "14"].map(str::to_owned).to_vec();
        let request = ListActiveCallsRequest {
            i_customer: 0,
            product_ids,
        };
        let fields = ["i_customer", "product_ids[1]", "product_ids[2]"];
        assert_eq!(refused(client.list_active_calls(request).await), fields);

        let product_ids = vec!["1".repeat(100); 3];
        let request = ListExtensionsRequest {
            i_customer: 1,
            product_ids,
        };
        assert_eq!(refused(client.list_extensions(request).await), ["product_ids"]);
        assert_eq!(sandbox.seen(), []);
    }
}
