//! Admission around a function in the place of the services.

use std::convert::Infallible;
use std::future::{Pending, pending, ready};

use http::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use tokio_test::{assert_pending, assert_ready, task};
use tonic::Code;
use tower::{ServiceExt as _, service_fn};

use super::*;

const LARGE: usize = 20 * 1024;

type Answer = Response<AnswerBody<Full<Bytes>>>;

fn layer(max_in_flight: usize, max_unread: usize) -> AdmissionLayer {
    let params = Params {
        max_in_flight,
        max_unread,
    };
    let terms = |path: &str| match path {
        "/read" => Terms::Read,
        "/change" => Terms::Change,
        _ => Terms::Free,
    };
    AdmissionLayer::new(
        params,
        terms,
        || Status::resource_exhausted("shed"),
        &crate::telemetry::metrics::nowhere(),
    )
}

fn request(path: &str) -> Request<()> {
    Request::get(path).body(()).expect("a request")
}

fn answering()
-> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone {
    service_fn(|_: Request<()>| ready(Ok(Response::new(Full::new(Bytes::from(vec![0; LARGE]))))))
}

fn code(headers: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(headers.get("grpc-status")?.as_bytes()))
}

/// The first frame of an answer.
fn frame(answer: &mut Answer) -> http_body::Frame<Bytes> {
    let mut frame = task::spawn(answer.frame());
    assert_ready!(frame.poll()).expect("a frame").expect("no error")
}

#[test]
fn who_finds_no_place_is_shed_and_others_need_none() {
    let hang = |_: Request<()>| -> Pending<Result<Response<Full<Bytes>>, Infallible>> { pending() };
    let service = layer(1, LARGE).layer(service_fn(hang));
    let mut first = task::spawn(service.clone().oneshot(request("/read")));
    assert_pending!(first.poll());
    let mut second = task::spawn(service.clone().oneshot(request("/change")));
    let shed = assert_ready!(second.poll()).expect("an answer");
    assert_eq!(code(shed.headers()), Some(Code::ResourceExhausted));
    let mut watch = task::spawn(service.clone().oneshot(request("/watch")));
    assert_pending!(watch.poll());
    drop(first);
    let mut third = task::spawn(service.oneshot(request("/read")));
    assert_pending!(third.poll());
}

#[test]
fn an_answer_holds_its_place_until_it_is_let_go() {
    let service = layer(1, LARGE).layer(answering());
    let call = || {
        let mut call = task::spawn(service.clone().oneshot(request("/read")));
        assert_ready!(call.poll()).expect("an answer")
    };
    let first = call();
    assert_eq!(code(first.headers()), None);
    assert_eq!(code(call().headers()), Some(Code::ResourceExhausted));
    drop(first);
    assert_eq!(code(call().headers()), None);
}

#[test]
fn a_large_answer_needs_room_until_its_bytes_are_let_go_unless_it_is_a_changes() {
    let service = layer(10, LARGE).layer(answering());
    let call = |path| {
        let mut call = task::spawn(service.clone().oneshot(request(path)));
        assert_ready!(call.poll()).expect("an answer")
    };
    let kept = frame(&mut call("/read")).into_data().expect("data");
    assert_eq!(kept.len(), LARGE);
    let mut shed = call("/read");
    let trailers = frame(&mut shed).into_trailers().expect("trailers");
    assert_eq!(code(&trailers), Some(Code::ResourceExhausted));
    assert!(shed.body().is_end_stream());
    let mut end = task::spawn(shed.frame());
    assert!(assert_ready!(end.poll()).is_none(), "and nothing comes after it");
    drop(end);
    let changed = frame(&mut call("/change"))
        .into_data()
        .expect("what was changed must be told");
    drop((kept, changed));
    frame(&mut call("/read")).into_data().expect("room");
}
