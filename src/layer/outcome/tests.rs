//! How an RPC's end is told, polled by hand.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::{Frame, SizeHint};
use tokio_test::task::{self, Spawn};
use tokio_test::{assert_pending, assert_ready};
use tonic::Code;
use tower::service_fn;

use super::*;

/// What a body has when it is polled.
#[derive(Debug)]
enum Step {
    NotYet,
    Data,
    Trailers(HeaderMap),
    Broken,
}

/// A body that goes through these steps.
#[derive(Debug, Default)]
struct Frames {
    steps: VecDeque<Step>,
    /// Whether it says that it is at its end, when it is.
    says_end: bool,
}

impl Body for Frames {
    type Data = &'static [u8];
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.steps.pop_front() {
            Some(Step::NotYet) => Poll::Pending,
            Some(Step::Data) => Poll::Ready(Some(Ok(Frame::data(b"x")))),
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Broken) => Poll::Ready(Some(Err("broken"))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.says_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(7)
    }
}

/// The ends that were told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Ended>>>);

impl Told {
    fn layer(&self) -> OutcomeLayer {
        let told = self.clone();
        let methods = ["package.Service/Method".to_owned()].into_iter().collect();
        OutcomeLayer::new(methods, move |ended| {
            told.0.lock().expect("no panic").push(ended.clone());
        })
    }

    #[track_caller]
    fn assert_none(&self) {
        assert_eq!(*self.0.lock().expect("no panic"), []);
    }

    #[track_caller]
    fn assert_one(&self, how: How, code: Code) {
        let told = self.0.lock().expect("no panic");
        let [ended] = &**told else {
            panic!("not one end: {told:#?}");
        };
        assert_eq!(&*ended.method, "package.Service/Method");
        assert_eq!((ended.how, ended.code), (how, code));
    }
}

fn request() -> Request<()> {
    Request::get("/package.Service/Method")
        .body(())
        .expect("a request")
}

fn status(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from_static(code),
    )])
}

fn frames(steps: impl IntoIterator<Item = Step>) -> Response<Frames> {
    Response::new(Frames {
        steps: steps.into_iter().collect(),
        says_end: false,
    })
}

/// The body of the layer over a service that answers so.
fn body_of(told: &Told, response: Response<Frames>) -> Spawn<ResponseBody<Frames>> {
    let mut response = Some(response);
    let inner = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().expect("one call"))));
    let mut call = task::spawn(told.layer().layer(inner).call(request()));
    let Ok(response) = assert_ready!(call.poll());
    task::spawn(response.into_body())
}

fn poll(body: &mut Spawn<ResponseBody<Frames>>) -> Poll<Option<Result<(), &'static str>>> {
    body.enter(|cx, body| body.poll_frame(cx)).map_ok(drop)
}

#[test]
fn trailers_are_the_end() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::Data, Step::Trailers(status("5"))]));
    assert!(assert_ready!(poll(&mut body)).is_some());
    told.assert_none();
    assert!(assert_ready!(poll(&mut body)).is_some());
    told.assert_one(How::Finished, Code::NotFound);
}

#[test]
fn an_end_is_told_once_however_often_the_body_is_polled() {
    let told = Told::default();
    let ends = [
        Step::Trailers(status("0")),
        Step::Trailers(status("13")),
        Step::Broken,
        Step::NotYet,
    ];
    let mut body = body_of(&told, frames(ends));
    assert!(assert_ready!(poll(&mut body)).is_some());
    assert!(assert_ready!(poll(&mut body)).is_some());
    assert!(assert_ready!(poll(&mut body)).is_some());
    assert_pending!(poll(&mut body));
    assert!(assert_ready!(poll(&mut body)).is_none());
    assert!(assert_ready!(poll(&mut body)).is_none());
    drop(body);
    told.assert_one(How::Finished, Code::Ok);
}

#[test]
fn a_status_in_the_headers_is_the_end() {
    for says_end in [false, true] {
        let told = Told::default();
        let mut response = frames([]);
        response.body_mut().says_end = says_end;
        *response.headers_mut() = status("3");
        let mut body = body_of(&told, response);
        told.assert_one(How::Finished, Code::InvalidArgument);
        assert!(assert_ready!(poll(&mut body)).is_none());
        drop(body);
        told.assert_one(How::Finished, Code::InvalidArgument);
    }
}

#[test]
fn a_call_that_is_dropped_before_its_answer_was_cancelled() {
    let told = Told::default();
    let inner = service_fn(|_| pending::<Result<Response<Frames>, Infallible>>());
    let mut call = task::spawn(told.layer().layer(inner).call(request()));
    assert_pending!(call.poll());
    told.assert_none();
    drop(call);
    told.assert_one(How::Cancelled, Code::Cancelled);
}

#[test]
fn a_call_that_is_never_polled_was_cancelled() {
    let told = Told::default();
    let inner = service_fn(|_| ready(Ok::<_, Infallible>(frames([]))));
    drop(told.layer().layer(inner).call(request()));
    told.assert_one(How::Cancelled, Code::Cancelled);
}

#[test]
fn a_body_that_is_dropped_before_its_end_was_reset() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::Data, Step::NotYet]));
    assert!(assert_ready!(poll(&mut body)).is_some());
    assert_pending!(poll(&mut body));
    told.assert_none();
    drop(body);
    told.assert_one(How::Reset, Code::Cancelled);
}

#[test]
fn a_body_that_is_never_polled_was_reset() {
    let told = Told::default();
    drop(body_of(&told, frames([Step::Trailers(status("0"))])));
    told.assert_one(How::Reset, Code::Cancelled);
}

#[test]
fn an_error_in_place_of_an_answer_is_not_the_callers_leaving() {
    let told = Told::default();
    let inner = service_fn(|_| ready(Err::<Response<Frames>, _>("broken")));
    let mut call = task::spawn(told.layer().layer(inner).call(request()));
    assert_eq!(assert_ready!(call.poll()).expect_err("an error"), "broken");
    told.assert_one(How::Failed, Code::Internal);
}

#[test]
fn a_call_that_is_polled_after_its_answer_panics_and_is_told_once() {
    let told = Told::default();
    let inner = service_fn(|_| ready(Err::<Response<Frames>, _>("broken")));
    let mut call = task::spawn(told.layer().layer(inner).call(request()));
    assert!(assert_ready!(call.poll()).is_err());
    catch_unwind(AssertUnwindSafe(|| call.poll().map(drop))).expect_err("a panic");
    drop(call);
    told.assert_one(How::Failed, Code::Internal);
}

#[test]
fn an_error_in_the_body_is_not_the_callers_leaving() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::Broken]));
    let frame = assert_ready!(poll(&mut body)).expect("a frame");
    assert_eq!(frame.expect_err("an error"), "broken");
    told.assert_one(How::Failed, Code::Internal);
}

#[test]
fn an_end_without_trailers_is_not_the_callers_leaving() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::Data]));
    assert!(assert_ready!(poll(&mut body)).is_some());
    told.assert_none();
    assert!(assert_ready!(poll(&mut body)).is_none());
    told.assert_one(How::Failed, Code::Unknown);
}

#[test]
fn trailers_without_a_status_are_an_end_without_one() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::Trailers(HeaderMap::new())]));
    assert!(assert_ready!(poll(&mut body)).is_some());
    told.assert_one(How::Failed, Code::Unknown);
}

#[test]
fn a_body_that_says_its_end_need_not_be_polled_for_it() {
    let told = Told::default();
    let mut response = frames([Step::Data]);
    response.body_mut().says_end = true;
    let mut body = body_of(&told, response);
    told.assert_none();
    assert!(assert_ready!(poll(&mut body)).is_some());
    told.assert_one(How::Failed, Code::Unknown);
}

#[test]
fn an_answer_with_neither_status_nor_body_ends_with_its_head() {
    let told = Told::default();
    let mut response = frames([]);
    response.body_mut().says_end = true;
    let _body = body_of(&told, response);
    told.assert_one(How::Failed, Code::Unknown);
}

#[test]
fn an_answer_that_is_not_grpc_is_what_clients_take_it_for() {
    for (status, code) in [
        (StatusCode::BAD_REQUEST, Code::Internal),
        (StatusCode::UNAUTHORIZED, Code::Unauthenticated),
        (StatusCode::FORBIDDEN, Code::PermissionDenied),
        (StatusCode::NOT_FOUND, Code::Unimplemented),
        (StatusCode::METHOD_NOT_ALLOWED, Code::Unknown),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Unknown),
        (StatusCode::TOO_MANY_REQUESTS, Code::Unavailable),
        (StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown),
        (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
    ] {
        let told = Told::default();
        let mut response = frames([Step::Data]);
        *response.status_mut() = status;
        drop(body_of(&told, response));
        told.assert_one(How::Finished, code);
    }
}

#[test]
fn a_status_counts_more_than_that_of_http() {
    let told = Told::default();
    let mut response = frames([]);
    *response.status_mut() = StatusCode::NOT_FOUND;
    *response.headers_mut() = status("7");
    drop(body_of(&told, response));
    told.assert_one(How::Finished, Code::PermissionDenied);
}

#[test]
fn a_panic_is_not_the_callers_leaving() {
    let told = Told::default();
    let inner =
        service_fn(|_| poll_fn(|_| -> Poll<Result<Response<Frames>, Infallible>> { panic!("on purpose") }));
    let mut inner = told.layer().layer(inner);
    let mut call = task::spawn(inner.call(request()));
    catch_unwind(AssertUnwindSafe(|| call.poll().map(drop))).expect_err("a panic");
    drop(call);
    told.assert_one(How::Failed, Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn the_time_is_that_from_the_call_to_the_end() {
    let told = Told::default();
    let mut body = body_of(&told, frames([Step::NotYet, Step::Trailers(status("0"))]));
    assert_pending!(poll(&mut body));
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(assert_ready!(poll(&mut body)).is_some());
    tokio::time::advance(Duration::from_secs(5)).await;
    drop(body);
    let told = told.0.lock().expect("no panic");
    assert_eq!(told[0].elapsed, Duration::from_secs(3));
}

#[test]
fn a_path_that_is_not_served_is_told_as_other() {
    let told = Told::default();
    let inner = service_fn(|_| ready(Ok::<_, Infallible>(frames([]))));
    let mut service = told.layer().layer(inner);
    for number in 0..3 {
        let uri = format!("/package.Service/Invented{number}");
        let request = Request::get(uri).body(()).expect("a request");
        drop(service.call(request));
    }
    let methods: Vec<_> = told.0.lock().expect("no panic").clone();
    let methods: Vec<_> = methods.iter().map(|ended| &*ended.method).collect();
    assert_eq!(methods, ["_OTHER"; 3]);
}

#[test]
fn the_service_is_ready_when_the_one_below_is() {
    struct Busy;

    impl Service<Request<()>> for Busy {
        type Response = Response<Frames>;
        type Error = &'static str;
        type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Err("busy"))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            pending()
        }
    }

    let mut service = task::spawn(Told::default().layer().layer(Busy));
    let ready = assert_ready!(service.enter(|cx, mut service| service.poll_ready(cx)));
    assert_eq!(ready, Err("busy"));
}

#[test]
fn the_body_says_what_the_one_below_says() {
    let mut response = frames([]);
    response.body_mut().says_end = true;
    let body = body_of(&Told::default(), response);
    assert_eq!(body.size_hint().exact(), Some(7));
    assert!(body.is_end_stream());
}

#[test]
fn what_a_retry_policy_says_is_a_number_or_nothing() {
    let said = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-previous-rpc-attempts", value.parse().expect("a value"));
        previous_attempts(&headers)
    };
    assert_eq!(said("2"), Some(2));
    for odd in ["", "-1", "two", "99999999999"] {
        assert_eq!(said(odd), None, "{odd}");
    }
    assert_eq!(previous_attempts(&HeaderMap::new()), None);
}
