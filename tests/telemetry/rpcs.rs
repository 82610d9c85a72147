//! Reads: what each outcome is counted as.

use portico::proto::v1::ListExtensionsRequest;
use portico::upstream::client;
use tonic::Code;

use super::page::{Page, counted};
use crate::support::{Answer, Gateway, Setup, Upstream, listener, row, soon};

/// All that is counted of reads.
const COUNTED: [&str; 6] = [
    "rpc_server_call_duration_seconds_count",
    "http_client_request_duration_seconds_count",
    "portico_overhead_seconds_count",
    "portico_retries_total",
    "portico_rpcs_shed_total",
    "portico_coalesced_reads_total",
];

fn list(i_customer: i64) -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer,
        product_ids: vec![],
    }
}

/// The end of a list.
fn rpc(code: &str) -> String {
    format!(
        "rpc_server_call_duration_seconds_count{{rpc_method=\"porta.customerextension.v1.CustomerExtensionService/\
         ListExtensions\",rpc_response_status_code=\"{code}\"}}"
    )
}

/// The end of one of its attempts, by the labels besides that of its template.
fn attempt(labels: &str) -> String {
    format!(
        "http_client_request_duration_seconds_count{{{labels},url_template=\"GetCustomerExtensions/{{License}}/\
         {{ICustomer}}\"}}"
    )
}

const OVERHEAD: &str = "portico_overhead_seconds_count{rpc_method=\"porta.customerextension.v1.CustomerExtensionService/\
                        ListExtensions\"}";

fn patient() -> Setup {
    Setup {
        client: client::Params::default(),
        ..Setup::default()
    }
}

#[tokio::test]
async fn each_outcome_of_a_read_is_one_rpc_and_its_attempts() {
    let csv = "Content-Type: text/csv\r\n";
    for (name, i_customer, answers, code, attempts, retried) in [
        (
            "answered",
            1,
            vec![Answer::csv(row(",[],,False,,LIC,0,"))],
            Code::Ok,
            vec![(r#"http_response_status_code="200""#, 1)],
            None,
        ),
        (
            "nobody",
            1,
            vec![Answer::new(404, csv, "x")],
            Code::NotFound,
            vec![(r#"error_type="not_found",http_response_status_code="404""#, 1)],
            None,
        ),
        ("invalid", 0, vec![], Code::InvalidArgument, vec![], None),
        (
            "busy",
            1,
            vec![Answer::new(503, "", "x"); 3],
            Code::Unavailable,
            vec![(r#"error_type="unavailable",http_response_status_code="503""#, 3)],
            Some(("unavailable", 2)),
        ),
        (
            "reset, and then well",
            1,
            vec![Answer::close(), Answer::csv(row(",[],,False,,LIC,0,"))],
            Code::Ok,
            vec![
                (r#"error_type="interrupted""#, 1),
                (r#"http_response_status_code="200""#, 1),
            ],
            Some(("interrupted", 1)),
        ),
        (
            "odd",
            1,
            vec![Answer::new(299, csv, "x")],
            Code::Internal,
            vec![(
                r#"error_type="unexpected_status",http_response_status_code="_OTHER""#,
                1,
            )],
            None,
        ),
        (
            "no CSV",
            1,
            vec![Answer::new(200, "Content-Type: text/html\r\n", "x")],
            Code::Internal,
            vec![(r#"error_type="not_csv""#, 1)],
            None,
        ),
    ] {
        let upstream = Upstream::answering(answers).await;
        let gateway = Gateway::serving(&upstream.url, patient()).await;
        let before = Page::of(&gateway).await;
        let answer = gateway.client().await.list_extensions(list(i_customer)).await;
        assert_eq!(
            answer.map_or_else(|status| status.code(), |_| Code::Ok),
            code,
            "{name}"
        );
        let mut expected = vec![(rpc(code_name(code)), 1)];
        expected.extend((!attempts.is_empty()).then(|| (OVERHEAD.to_owned(), 1)));
        expected.extend(
            attempts
                .into_iter()
                .map(|(labels, times)| (attempt(labels), times)),
        );
        expected.extend(
            retried.map(|(reason, times)| (format!("portico_retries_total{{reason=\"{reason}\"}}"), times)),
        );
        let expected: Vec<_> = expected
            .iter()
            .map(|(series, times)| (&**series, *times))
            .collect();
        let found = Page::of(&gateway).await.since(&before, &COUNTED);
        assert_eq!(found, counted(&expected), "{name}");
    }
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::NotFound => "NOT_FOUND",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::Unavailable => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

/// An upstream that takes connections and never says a word, and a gateway before it that is ready all the same.
async fn hanging(setup: Setup) -> (Upstream, Gateway) {
    let upstream = Upstream::answering([Answer::Hang]).await;
    let gateway = Gateway::serving(&upstream.url, setup).await;
    (upstream, gateway)
}

#[tokio::test]
async fn who_leaves_who_joins_and_who_finds_no_place_are_counted() {
    let mut setup = patient();
    setup.server.admission.max_in_flight = 2;
    let (_upstream, gateway) = hanging(setup).await;
    let before = Page::of(&gateway).await;
    let ask = || {
        let client = gateway.client();
        async move { client.await.list_extensions(list(1)).await.map(drop) }
    };
    let (mut first, mut second) = (Box::pin(ask()), Box::pin(ask()));
    let joined = async {
        while Page::of(&gateway)
            .await
            .value(r#"portico_coalesced_reads_total{operation="ListExtensions"}"#)
            < 1.0
        {}
    };
    tokio::select! {
        _ = &mut first => panic!("nothing is answered"),
        _ = &mut second => panic!("nothing is answered"),
        () = soon("two calls", joined) => {}
    }
    assert_eq!(
        Page::of(&gateway).await.value("portico_rpcs_in_flight").to_bits(),
        2_f64.to_bits()
    );
    let shed = ask().await.expect_err("there is no place");
    assert_eq!(shed.code(), Code::ResourceExhausted);
    drop((first, second));
    let left = async {
        while Page::of(&gateway)
            .await
            .value(&attempt(r#"error_type="cancelled""#))
            < 1.0
        {}
    };
    soon("the end of the attempt", left).await;
    let found = Page::of(&gateway).await.since(&before, &COUNTED);
    let expected = [
        (&*rpc("RESOURCE_EXHAUSTED"), 1),
        (&*rpc("CANCELLED"), 2),
        (OVERHEAD, 2),
        (&*attempt(r#"error_type="cancelled""#), 1),
        (r#"portico_coalesced_reads_total{operation="ListExtensions"}"#, 1),
        (r#"portico_rpcs_shed_total{reason="in_flight"}"#, 1),
    ];
    assert_eq!(found, counted(&expected));
}

#[tokio::test]
async fn an_open_breaker_is_shown() {
    let url = refusing().await;
    let gateway = Gateway::start(&url, patient()).await;
    let mut client = gateway.client().await;
    let state = |page: &Page| {
        ["closed", "open", "half_open"]
            .map(|state| page.value(&format!("portico_breaker_state{{state=\"{state}\"}}")) > 0.0)
    };
    let page = Page::of(&gateway).await;
    assert_eq!(state(&page), [true, false, false]);
    assert!(page.value("portico_upstream_ready") < 0.5);
    for _ in 0..2 {
        let status = client.list_extensions(list(1)).await.expect_err("nobody answers");
        assert_eq!(status.code(), Code::Unavailable);
    }
    let page = Page::of(&gateway).await;
    assert_eq!(state(&page), [false, true, false]);
}

#[tokio::test]
async fn what_is_left_of_the_budget_is_shown() {
    let mut setup = patient();
    setup.client.stack.breaker.failures = 0;
    let gateway = Gateway::start(&refusing().await, setup).await;
    let mut client = gateway.client().await;
    let left = async || Page::of(&gateway).await.value("portico_retry_budget_ratio");
    assert!(left().await > 0.99);
    // It is full again after a second: should this one be slow, the next call spends it anew.
    let spent = async {
        while left().await > 0.99 {
            client.list_extensions(list(1)).await.expect_err("nobody answers");
        }
    };
    soon("a part that is spent", spent).await;
}

/// An address where nobody listens.
async fn refusing() -> String {
    let (listener, url) = listener().await;
    drop(listener);
    url
}
