//! The spans of RPCs, of attempts and of polls: what they are called, whose part they are, and what they say.
//!
//! Each test runs on one thread, so that all spans of its gateway are kept, and one after another: what is known of a place
//! that makes spans, such as that nobody wants them, is known to all threads.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "what tests of metrics use")]
#[path = "../telemetry/page.rs"]
mod page;
#[allow(
    dead_code,
    unused_imports,
    reason = "it is what all tests of the gateway start from"
)]
#[path = "../support/support.rs"]
mod support;
mod table;

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use portico::proto::v1::{ActiveCallsRequest, AddExtensionRequest, ListExtensionsRequest};
use portico::sandbox::{Fault, Operation, Trouble, When};
use portico::telemetry::metrics::{Metrics, nowhere};
use portico::telemetry::traces::{self, Sampling, Traces};
use portico::upstream::client;
use tokio::sync::MutexGuard;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry};

use self::page::Page;
use self::support::{Answer, Gateway, RunningSandbox, Setup, Upstream, row, soon};

const LIST: &str = "porta.customerextension.v1.CustomerExtensionService/ListExtensions";
const GET: &str = "GET GetCustomerExtensions/{License}/{ICustomer}";

/// A caller's trace, and its span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Keeps what it is handed.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("no panic").append(&mut batch);
        Ok(())
    }
}

/// The spans of this thread from now on.
struct Spans {
    kept: Kept,
    traces: Traces,
    _default: DefaultGuard,
    _turn: MutexGuard<'static, ()>,
}

impl Spans {
    async fn keep(sampling: Sampling) -> Self {
        let turn = turn().await;
        let kept = Kept::default();
        let traces = Traces::exporting(kept.clone(), sampling, &nowhere());
        let subscriber = Registry::default()
            .with(traces.layer())
            .with(traces.gate(LevelFilter::INFO));
        Self {
            kept,
            _default: tracing::subscriber::set_default(subscriber),
            traces,
            _turn: turn,
        }
    }

    /// All that have ended, apart from those of the readiness probe, by their names.
    async fn ended(self) -> Vec<SpanData> {
        self.traces.stop().await;
        let mut spans = mem::take(&mut *self.kept.0.lock().expect("no panic"));
        spans.retain(|span| !span.name.contains("metadata") && !span.name.contains("Health"));
        spans.sort_by_key(|span| span.end_time);
        spans
    }
}

/// The turn of a test.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

/// What a span says, as texts and numbers.
fn says(span: &SpanData) -> BTreeMap<String, String> {
    let attributes = span.attributes.iter();
    attributes
        .map(|attribute| {
            let value = match &attribute.value {
                Value::String(text) => text.as_str().to_owned(),
                other => format!("#{other}"),
            };
            (attribute.key.to_string(), value)
        })
        .collect()
}

fn map(says: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = says
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

fn list() -> Request<ListExtensionsRequest> {
    Request::new(ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    })
}

/// A call that is part of the caller's trace, which is kept there or not.
fn traced(flags: &str) -> Request<ListExtensionsRequest> {
    let mut request = list();
    let parent = MetadataValue::try_from(format!("00-{TRACE}-{SPAN}-{flags}"));
    request
        .metadata_mut()
        .insert("traceparent", parent.expect("a header"));
    request
}

fn repeating() -> Setup {
    Setup {
        client: client::Params::default(),
        ..Setup::default()
    }
}

#[tokio::test]
async fn caller_rpc_attempts_and_upstream_are_one_trace() {
    let spans = Spans::keep(Sampling::default()).await;
    let answers = [Answer::close(), Answer::csv(row(",[],,False,,LIC,0,"))];
    let upstream = Upstream::answering(answers).await;
    let gateway = Gateway::serving(&upstream.url, repeating()).await;
    let answer = gateway.client().await.list_extensions(traced("01")).await;
    answer.expect("the second attempt is answered");
    let spans = spans.ended().await;
    let [first, second, rpc] = &spans[..] else {
        panic!("{spans:?}");
    };
    let port = upstream.url.rsplit(':').next().expect("a port");
    let port = format!("#{port}");
    let attempt = [
        ("operation", "ListExtensions"),
        ("http.request.method", "GET"),
        ("url.template", "GetCustomerExtensions/{License}/{ICustomer}"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
    ];
    let with = |more: &[(&str, &str)]| map(&[&attempt, more].concat());
    assert_eq!(says(first), with(&[("error.type", "interrupted")]));
    let size = says(second)["http.response.body.size"].clone();
    let well = [
        ("http.request.resend_count", "#1"),
        ("http.response.status_code", "#200"),
        ("http.response.body.size", &*size),
    ];
    assert_eq!(says(second), with(&well));
    let told = [
        ("rpc.system.name", "grpc"),
        ("rpc.method", LIST),
        ("rpc.response.status_code", "OK"),
        ("portico.rpc.end", "finished"),
    ];
    assert_eq!(says(rpc), map(&told));
    assert_eq!((&*rpc.name, rpc.span_kind.clone()), (LIST, SpanKind::Server));
    assert_eq!(rpc.parent_span_id, SpanId::from_hex(SPAN).expect("an id"));
    for (attempt, status) in [(first, Status::error("")), (second, Status::Unset)] {
        assert_eq!(
            (&*attempt.name, attempt.span_kind.clone()),
            (GET, SpanKind::Client)
        );
        assert_eq!(attempt.parent_span_id, rpc.span_context.span_id());
        assert_eq!(attempt.status, status);
    }
    for span in &spans {
        assert_eq!(span.span_context.trace_id().to_string(), TRACE);
        assert!(span.events.is_empty(), "no line of the log: {:?}", span.events);
    }
    for (head, attempt) in upstream.heads().iter().zip([first, second]) {
        let parent = format!("traceparent: 00-{TRACE}-{}-01", attempt.span_context.span_id());
        assert!(head.contains(&parent), "{head}");
    }
}

#[tokio::test]
async fn a_caller_can_leave_its_trace_out_and_cannot_have_it_kept() {
    let never = Sampling::parse(Some("parentbased_always_off"), None).expect("a sampling");
    for (sampling, flags) in [(Sampling::default(), "00"), (never, "01")] {
        let spans = Spans::keep(sampling).await;
        let upstream = Upstream::answering([Answer::csv(row(",[],,False,,LIC,0,"))]).await;
        let gateway = Gateway::serving(&upstream.url, repeating()).await;
        let answer = gateway.client().await.list_extensions(traced(flags)).await;
        answer.expect("a list");
        let ended = spans.ended().await;
        assert!(ended.is_empty(), "{flags}: {ended:?}");
        let head = &upstream.heads()[0];
        let parent = format!("traceparent: 00-{TRACE}-{SPAN}-{flags}");
        assert!(head.contains(&parent), "it goes on as it came: {head}");
    }
}

#[tokio::test]
async fn the_looks_for_a_change_are_parts_of_its_rpc() {
    let spans = Spans::keep(Sampling::default()).await;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
    let when = When::After;
    let drops = Fault::new(Trouble::Drop { when }).on(Operation::Add);
    sandbox.handle.set_faults(vec![drops]);
    let add = AddExtensionRequest {
        i_customer: 1,
        name: "Sales".to_owned(),
        id: "901".to_owned(),
        i_account: 0,
        request_id: String::new(),
    };
    gateway
        .client()
        .await
        .add_extension(add)
        .await
        .expect("it is seen");
    let spans = spans.ended().await;
    let (rpcs, attempts): (Vec<_>, Vec<_>) =
        spans.iter().partition(|span| span.span_kind == SpanKind::Server);
    let [rpc] = &rpcs[..] else { panic!("{rpcs:?}") };
    let names: Vec<_> = attempts.iter().map(|span| &*span.name).collect();
    let add = "GET AddCustomerExtension/{License}/{ICustomer}/{Name}/{Id}/{IAccount}";
    assert_eq!(names, [GET, add, GET]);
    for attempt in attempts {
        assert_eq!(attempt.parent_span_id, rpc.span_context.span_id());
    }
}

#[tokio::test]
async fn a_watch_says_how_it_ended_and_its_polls_are_no_part_of_it() {
    let spans = Spans::keep(Sampling::default()).await;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let watch = gateway.client().await.active_calls(request).await;
    let mut watch = watch.expect("it opens").into_inner();
    soon("a snapshot", watch.message()).await.expect("no end");
    drop(watch);
    let left = r#"portico_watch_ended_total{reason="left"}"#;
    soon("its end", async {
        while Page::of(&gateway).await.value(left) < 1.0 {}
    })
    .await;
    let spans = spans.ended().await;
    let watch = spans.iter().find(|span| span.span_kind == SpanKind::Server);
    let watch = watch.expect("the RPC");
    let said = says(watch);
    assert_eq!(said["portico.watch.ended"], "left");
    assert_eq!(said["portico.watch.events"], "#1");
    assert_eq!(said["portico.rpc.end"], "reset");
    let poll = spans.iter().find(|span| span.span_kind == SpanKind::Client);
    let poll = poll.expect("a poll");
    assert_eq!(poll.parent_span_id, SpanId::INVALID);
    assert_ne!(poll.span_context.trace_id(), watch.span_context.trace_id());
}

#[tokio::test]
async fn a_failure_and_a_caller_who_leaves_are_told_apart() {
    let spans = Spans::keep(Sampling::default()).await;
    let upstream = Upstream::answering([Answer::new(500, "", "x"), Answer::Hang]).await;
    let gateway = Gateway::serving(&upstream.url, Setup::default()).await;
    let mut client = gateway.client().await;
    let status = client.list_extensions(list()).await.expect_err("it failed");
    assert_eq!(status.code(), Code::Internal);
    let asked = async {
        while upstream.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = client.list_extensions(list()) => panic!("nothing is answered"),
        () = soon("the second call", asked) => {}
    }
    let cancelled = format!(
        "rpc_server_call_duration_seconds_count{{rpc_method=\"{LIST}\",rpc_response_status_code=\"CANCELLED\"}}"
    );
    soon("its end", async {
        while Page::of(&gateway).await.value(&cancelled) < 1.0 {}
    })
    .await;
    let spans = spans.ended().await;
    let ends: Vec<_> = spans
        .iter()
        .filter(|span| span.span_kind == SpanKind::Server)
        .map(|span| {
            let says = says(span);
            let is_error = matches!(span.status, Status::Error { .. });
            (
                says["portico.rpc.end"].clone(),
                says.get("error.type").cloned(),
                is_error,
            )
        })
        .collect();
    let failed = ("finished".to_owned(), Some("INTERNAL".to_owned()), true);
    assert_eq!(ends, [failed, ("cancelled".to_owned(), None, false)]);
    let kinds: Vec<_> = spans
        .iter()
        .filter(|span| span.span_kind == SpanKind::Client)
        .map(|span| says(span)["error.type"].clone())
        .collect();
    assert_eq!(kinds, ["failed", "cancelled"]);
}

#[tokio::test]
async fn a_span_that_nobody_wants_is_not_made() {
    let root = || tracing::debug_span!(target: "portico::test", "a root");
    let part = || tracing::debug_span!(target: "portico::test", "a part");
    let of_others = || tracing::debug_span!(target: "h2", "a span of another");
    let (all, none) = (
        Sampling::default(),
        Sampling::parse(Some("always_off"), None).expect("a name"),
    );
    for (sampling, log, is_made, others_are, kept) in [
        (none, LevelFilter::INFO, false, false, 0),
        (all, LevelFilter::INFO, true, false, 2),
        (none, LevelFilter::DEBUG, true, true, 0),
        (all, LevelFilter::DEBUG, true, true, 2),
    ] {
        let _turn = turn().await;
        let spans = Kept::default();
        let traces = Traces::exporting(spans.clone(), sampling, &nowhere());
        // A log that tells of all up to this level.
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::sink)
            .with_filter(log);
        let subscriber = Registry::default()
            .with(lines)
            .with(traces.layer())
            .with(traces.gate(log));
        let guard = tracing::subscriber::set_default(subscriber);
        let span = traces::root(None, root);
        let inner = span.in_scope(part);
        let made = [span.is_disabled(), inner.is_disabled(), of_others().is_disabled()];
        assert_eq!(made, [!is_made, !is_made, !others_are], "{sampling:?} {log}");
        assert_eq!(part().is_disabled(), log == LevelFilter::INFO, "it is in no root");
        drop((inner, span, guard));
        traces.stop().await;
        assert_eq!(
            spans.0.lock().expect("no panic").len(),
            kept,
            "{sampling:?} {log}"
        );
    }
}

/// A collector that takes nothing.
#[derive(Debug)]
struct Refusing;

impl SpanExporter for Refusing {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Err(opentelemetry_sdk::error::OTelSdkError::Timeout(Duration::ZERO))
    }
}

#[tokio::test]
async fn spans_that_are_not_taken_are_counted() {
    let _turn = turn().await;
    let metrics = Metrics::default();
    let kept = Traces::exporting(Refusing, Sampling::default(), &metrics.meter());
    let guard = tracing::subscriber::set_default(Registry::default().with(kept.layer()));
    for _ in 0..3 {
        let make = || tracing::info_span!(target: "portico::test", "a span");
        drop(traces::root(None, make));
    }
    drop(guard);
    kept.stop().await;
    let page = metrics.page().expect("a page");
    assert!(
        page.contains(r#"portico_spans_dropped_total{reason="not_taken"} 3"#),
        "{page}"
    );
    assert!(
        page.contains(r#"portico_spans_dropped_total{reason="queue_full"} 0"#),
        "{page}"
    );
}
