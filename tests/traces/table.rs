//! Each RPC and what may become of it: the spans that it makes, and that the metrics count the same.

use std::collections::BTreeMap;

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest, GetFilteringDataRequest,
    ListActiveCallsRequest, ListExtensionsRequest, ListOnlineAccountsRequest,
    ListUnavailableExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use portico::telemetry::traces::Sampling;
use tonic::transport::Channel;

use super::page::Page;
use super::support::{Gateway, RunningSandbox, Setup};
use super::{Spans, says};

const SERVICE: &str = "porta.customerextension.v1.CustomerExtensionService";

/// The attempt that changes begin with which look what there is before they are made.
const LOOK: &str = "GET GetCustomerExtensions/{License}/{ICustomer}";

/// The RPCs, their attempts, and whether they look before.
const RPCS: [(&str, &str, bool); 10] = [
    ("ListExtensions", LOOK, false),
    (
        "ListUnavailableExtensions",
        "GET GetUnavailableExtensions/{License}/{ICustomer}/{isUnavailable}",
        false,
    ),
    (
        "GetFilteringData",
        "GET GetFilteringData/{License}/{ICustomer}/{IsFiltering}",
        false,
    ),
    (
        "ListOnlineAccounts",
        "GET GetOnlineAccounts/{License}/{ICustomer}/{GetSipStatus}",
        false,
    ),
    (
        "ListActiveCalls",
        "GET GetCustomerExtensionsActiveCalls/{License}/{ICustomer}/{GetActiveCalls}",
        false,
    ),
    (
        "AddExtension",
        "GET AddCustomerExtension/{License}/{ICustomer}/{Name}/{Id}/{IAccount}",
        true,
    ),
    (
        "AddExtensionGetIdentity",
        "GET AddCustomerExtenGetIdentitysion/{License}/{ICustomer}/{Name}/{Id}/{IAccount}",
        true,
    ),
    (
        "UpdateExtension",
        "GET UpdateCustomerExtension/{License}/{ICustomer}/{ExtensionRecordId}/{Name}/{Id}/{IAccount}",
        false,
    ),
    (
        "DeleteExtension",
        "GET DeleteCustomerExtension/{License}/{ICustomer}/{ExtensionRecordId}",
        true,
    ),
    ("Reply", "POST csv/reply/CustomerExtension", false),
];

/// Customers of the sandbox, the status of calls for them, how each attempt ends, and whether a change is sent if its look ends so.
const OUTCOMES: [(i64, &str, Option<&str>, bool); 6] = [
    (1, "OK", Some("200 -"), true),
    (0, "INVALID_ARGUMENT", None, false),
    (90404, "NOT_FOUND", Some("404 not_found"), true),
    (90401, "INTERNAL", Some("401 license_rejected"), false),
    (90500, "INTERNAL", Some("500 failed"), true),
    (90503, "UNAVAILABLE", Some("503 unavailable"), false),
];

/// What is counted of an RPC and of its attempts.
const COUNTED: [&str; 2] = [
    "rpc_server_call_duration_seconds_count",
    "http_client_request_duration_seconds_count",
];

/// Calls the RPC of this name for the customer.
async fn call(client: &mut CustomerExtensionServiceClient<Channel>, rpc: &str, i_customer: i64) {
    let (name, id, request_id) = ("Sales".to_owned(), "901".to_owned(), String::new());
    let product_ids = Vec::new();
    let (i_account, i_c_ext) = (0, 1001);
    // Its outcome is what the spans say.
    match rpc {
        "ListExtensions" => {
            let request = ListExtensionsRequest {
                i_customer,
                product_ids,
            };
            drop(client.list_extensions(request).await);
        }
        "ListUnavailableExtensions" => {
            let request = ListUnavailableExtensionsRequest { i_customer };
            drop(client.list_unavailable_extensions(request).await);
        }
        "GetFilteringData" => drop(
            client
                .get_filtering_data(GetFilteringDataRequest { i_customer })
                .await,
        ),
        "ListOnlineAccounts" => {
            drop(
                client
                    .list_online_accounts(ListOnlineAccountsRequest { i_customer })
                    .await,
            );
        }
        "ListActiveCalls" => {
            let request = ListActiveCallsRequest {
                i_customer,
                product_ids,
            };
            drop(client.list_active_calls(request).await);
        }
        "AddExtension" => {
            let request = AddExtensionRequest {
                i_customer,
                name,
                id,
                i_account,
                request_id,
            };
            drop(client.add_extension(request).await);
        }
        "AddExtensionGetIdentity" => {
            let request = AddExtensionGetIdentityRequest {
                i_customer,
                name,
                id,
                i_account,
                request_id,
            };
            drop(client.add_extension_get_identity(request).await);
        }
        "UpdateExtension" => {
            let i_account = Some(i_account);
            let request = UpdateExtensionRequest {
                i_customer,
                i_c_ext,
                name,
                id,
                i_account,
                request_id,
            };
            drop(client.update_extension(request).await);
        }
        "DeleteExtension" => {
            let request = DeleteExtensionRequest {
                i_customer,
                i_c_ext,
                request_id,
            };
            drop(client.delete_extension(request).await);
        }
        "Reply" => {
            let request = ReplyRequest {
                i_customer,
                ..ReplyRequest::default()
            };
            drop(client.reply(request).await);
        }
        other => panic!("there is no {other}"),
    }
}

/// What is told of an attempt: its name, its status, and the kind of its failure.
fn attempt(span: &SpanData) -> String {
    let says = says(span);
    let of = |name| says.get(name).map_or("-", |value| value.trim_start_matches('#'));
    let (status, kind) = (of("http.response.status_code"), of("error.type"));
    format!("{} {status} {kind}", span.name)
}

/// The series that counts such an attempt.
fn series(attempt: &str) -> String {
    let words: Vec<_> = attempt.split(' ').collect();
    let [_, template, status, kind] = words[..] else {
        panic!("{attempt}");
    };
    let error = match kind {
        "-" => String::new(),
        kind => format!("error_type=\"{kind}\","),
    };
    format!(
        "http_client_request_duration_seconds_count{{{error}http_response_status_code=\"{status}\",url_template=\"{template}\"}}"
    )
}

#[tokio::test]
async fn each_rpc_and_outcome_has_its_spans_and_the_metrics_count_them() {
    for (rpc, template, looks) in RPCS {
        for (i_customer, status, ends, is_sent) in OUTCOMES {
            let spans = Spans::keep(Sampling::default()).await;
            let sandbox = RunningSandbox::recorded().await;
            let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
            let before = Page::of(&gateway).await;
            call(&mut gateway.client().await, rpc, i_customer).await;
            let counted = Page::of(&gateway).await.since(&before, &COUNTED);
            let spans = spans.ended().await;
            let case = format!("{rpc} for {i_customer}: {spans:?}");

            let mut attempts = Vec::new();
            if let Some(ends) = ends {
                attempts.extend(looks.then(|| format!("{LOOK} {ends}")));
                attempts.extend((!looks || is_sent).then(|| format!("{template} {ends}")));
            }
            let (clients, servers): (Vec<_>, Vec<_>) =
                spans.iter().partition(|span| span.span_kind == SpanKind::Client);
            let told: Vec<_> = clients.iter().map(|span| attempt(span)).collect();
            assert_eq!(told, attempts, "{case}");
            let [server] = servers[..] else { panic!("{case}") };
            let said = says(server);
            let told = (&*said["rpc.method"], &*said["rpc.response.status_code"]);
            let method = format!("{SERVICE}/{rpc}");
            assert_eq!(told, (&*method, status), "{case}");
            for client in clients {
                assert_eq!(client.parent_span_id, server.span_context.span_id(), "{case}");
            }

            let mut expected = BTreeMap::new();
            expected.insert(
                format!(
                    "{}{{rpc_method=\"{method}\",rpc_response_status_code=\"{status}\"}}",
                    COUNTED[0]
                ),
                1,
            );
            for attempt in &attempts {
                *expected.entry(series(attempt)).or_insert(0) += 1;
            }
            assert_eq!(counted, expected, "{case}");
        }
    }
}
