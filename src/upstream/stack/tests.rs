//! The stack as the client has it, over a function in the place of HTTP. Time is paused.

use std::future::{pending, ready};
use std::sync::mpsc::channel;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use tokio::time::{Instant, advance, sleep};
use tokio_test::{assert_pending, assert_ready, task};
use tower::service_fn;

use crate::upstream::client::Params;
use crate::upstream::operation::{DeleteExtension, ListActiveCalls, ListExtensions};
use crate::upstream::received::Received;
use crate::upstream::value::Id;
use crate::upstream::{Client, Context, Error, Exchange, Kind, Lane, License, Operation, Transport};

const LIMIT: Duration = Duration::from_secs(12);

fn client<F>(http: impl Fn(Exchange) -> F + Clone + Send + Sync + 'static) -> Client
where
    F: Future<Output = Result<Response<Bytes>, Error>> + Send + 'static,
{
    let base = "http://porta".parse().expect("a URL");
    let mut params = Params {
        timeout: LIMIT,
        ..Params::default()
    };
    // One attempt, and none is left out: what there is besides has tests of its own.
    params.stack.retry.attempts = 1;
    params.stack.breaker.failures = 0;
    Client::over(service_fn(http), base, Transport::Routes, &params)
}

fn context(deadline: Option<Duration>) -> Context {
    let license = License::parse("main", "CANARY", Transport::Routes).expect("a licence");
    Context {
        deadline: deadline.map(|left| Instant::now() + left),
        ..Context::of_gateway(license, Lane::Call)
    }
}

fn read() -> ListExtensions {
    let (i_customer, products) = (Id::parse(1).expect("an id"), None);
    ListExtensions { i_customer, products }
}

fn query() -> ListActiveCalls {
    let (i_customer, products) = (Id::parse(1).expect("an id"), None);
    ListActiveCalls { i_customer, products }
}

fn change() -> DeleteExtension {
    let id = Id::parse(1).expect("an id");
    DeleteExtension {
        i_customer: id,
        i_c_ext: id,
    }
}

fn csv(body: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static("text/csv"));
    answer
}

/// The kind of error that `operation` ends with, and after how long.
async fn failed<O: Operation + Clone>(client: &Client, context: &Context, operation: &O) -> (Kind, Duration) {
    let started = Instant::now();
    match client.call(context, operation).await {
        Ok(_) => panic!("an answer"),
        Err(error) => (error.kind(), started.elapsed()),
    }
}

#[tokio::test(start_paused = true)]
async fn no_connection_is_unreachable_and_of_a_change_known() {
    let client = client(|_| ready(Err(Error::Connect("refused".into()))));
    let expected = (Kind::Unreachable, Duration::ZERO);
    assert_eq!(failed(&client, &context(None), &read()).await, expected);
    assert_eq!(failed(&client, &context(None), &change()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_interrupted_and_of_a_change_unknown() {
    let client = client(|_| async {
        sleep(Duration::from_secs(1)).await;
        Err(Error::Interrupted("cut".into()))
    });
    let after = Duration::from_secs(1);
    assert_eq!(
        failed(&client, &context(None), &read()).await,
        (Kind::Interrupted, after)
    );
    assert_eq!(
        failed(&client, &context(None), &change()).await,
        (Kind::OutcomeUnknown, after)
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_at_its_limit_or_when_its_caller_gives_up() {
    let client = client(|_| pending());
    assert_eq!(
        failed(&client, &context(None), &read()).await,
        (Kind::Elapsed, LIMIT)
    );
    assert_eq!(
        failed(&client, &context(None), &change()).await,
        (Kind::OutcomeUnknown, LIMIT)
    );
    for (left, kind, after) in [
        (3, Kind::DeadlinePassed, 3),
        (12, Kind::Elapsed, 12),
        (60, Kind::Elapsed, 12),
    ] {
        let context = context(Some(Duration::from_secs(left)));
        assert_eq!(
            failed(&client, &context, &read()).await,
            (kind, Duration::from_secs(after)),
            "{left} s left"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_not_sent() {
    let client = client(|_| -> std::future::Ready<_> { panic!("it was sent") });
    let context = context(Some(Duration::ZERO));
    let expected = (Kind::Expired, Duration::ZERO);
    assert_eq!(failed(&client, &context, &read()).await, expected);
    assert_eq!(failed(&client, &context, &change()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_at_the_limit_is_taken() {
    let client = client(|_| async {
        sleep(LIMIT).await;
        Ok(csv("ExtensionLst,License\n[],LIC\n"))
    });
    assert!(client.call(&context(None), &read()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_poll_goes_the_same_way_as_a_call() {
    let slow = client(|_| async {
        sleep(Duration::from_secs(11)).await;
        Ok(csv("not looked at"))
    });
    let body = slow.poll(&context(None), &query()).await.expect("an answer");
    assert_eq!(body.bytes(), "not looked at".len());
    let refused = client(|_| {
        let mut answer = csv("not looked at");
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
        ready(Ok(answer))
    });
    let error = refused.poll(&context(None), &query()).await.expect_err("401");
    assert_eq!(error.kind(), Kind::LicenseRejected);
}

/// All whose answers are large wait here for two that are not read to their end.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_answer_to_be_read_longer_than_until_the_deadline() {
    let (echo, left) = ("x".repeat(1 << 20), Duration::from_secs(3));
    let body = Bytes::from(format!("ExtensionLst,ExtensionDeleted,License\n[],True,{echo}\n"));
    let large = body.clone();
    let client = client(move |_| {
        let mut answer = csv("");
        *answer.body_mut() = large.clone();
        ready(Ok(answer))
    });
    let reads = [channel::<()>(), channel()].map(|(end, ended)| {
        let received = Received::of(Response::new(body.clone()));
        let mut read = task::spawn(client.read(received, move |_| Ok(ended.recv().is_err())));
        assert_pending!(read.poll());
        (end, read)
    });

    let (terms, list) = (context(Some(left)), read());
    let mut call = task::spawn(failed(&client, &terms, &list));
    assert_pending!(call.poll());
    advance(left).await;
    assert_eq!(assert_ready!(call.poll()), (Kind::DeadlinePassed, left));

    let (terms, delete) = (context(Some(left)), change());
    let mut call = task::spawn(failed(&client, &terms, &delete));
    assert_pending!(call.poll());
    advance(left).await;
    assert_eq!(assert_ready!(call.poll()), (Kind::OutcomeUnknown, left));

    drop(reads);
    client
        .call(&context(Some(left)), &read())
        .await
        .expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn the_probe_wants_the_page_and_waits_for_a_short_time_only() {
    let page = client(|_| {
        ready(Ok(Response::new(Bytes::from_static(
            b"POST /csv/reply/CustomerExtension",
        ))))
    });
    page.probe(Duration::from_secs(4)).await.expect("the page");
    let refused = client(|_| {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        ready(Ok(answer))
    });
    let absent = refused.probe(Duration::from_secs(4)).await.expect_err("503");
    assert_eq!(absent.error_type(), "unavailable");
    let started = Instant::now();
    let hangs = client(|_| pending());
    let absent = hangs
        .probe(Duration::from_secs(4))
        .await
        .expect_err("nobody answers");
    assert_eq!(
        (absent.error_type(), started.elapsed()),
        ("elapsed", Duration::from_secs(4))
    );
}

#[tokio::test(start_paused = true)]
async fn an_exchange_tells_all_of_itself_but_its_secret() {
    let client = client(|exchange| {
        assert_eq!(exchange.template, "GetCustomerExtensions/{License}/{ICustomer}");
        assert_eq!(
            exchange.request.uri().path(),
            "/GetCustomerExtensions/CANARY/1.csv"
        );
        let told = format!("{exchange:?}");
        assert!(told.contains("main") && !told.contains("CANARY"), "{told}");
        ready(Ok(csv("ExtensionLst,License\n[],LIC\n")))
    });
    client.call(&context(None), &read()).await.expect("an answer");
}
