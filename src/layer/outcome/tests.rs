//! How an RPC's end is told, by hand: one poll at a time, the log captured.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::sync::{Arc, Mutex};

use http::HeaderValue;
use tokio_test::task;
use tokio_test::{assert_pending, assert_ready};
use tower::service_fn;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// A frame or the body's failure; `None` is a frame that is not there yet.
type Step = Option<Result<Frame<&'static [u8]>, &'static str>>;

/// A body that goes through these steps.
#[derive(Debug)]
struct Frames(VecDeque<Step>);

impl Body for Frames {
    type Data = &'static [u8];
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.0.pop_front() {
            Some(None) => Poll::Pending,
            Some(Some(frame)) => Poll::Ready(Some(frame)),
            None => Poll::Ready(None),
        }
    }
}

fn status(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static(code),
    )])
}

/// The answer of the layer over a service that answers with these headers and frames.
fn answer(headers: HeaderMap, frames: impl IntoIterator<Item = Step>) -> Response<ResponseBody<Frames>> {
    let mut response = Response::new(Frames(frames.into_iter().collect()));
    *response.headers_mut() = headers;
    let mut response = Some(response);
    let inner = service_fn(move |_: Request<()>| -> Ready<Result<_, Infallible>> {
        ready(Ok(response.take().expect("one call")))
    });
    let mut service = OutcomeLayer.layer(inner);
    let request = Request::get("/package.Service/Method")
        .body(())
        .expect("a request");
    let mut call = task::spawn(service.call(request));
    let Ok(response) = assert_ready!(call.poll());
    response
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines that `work` logs.
fn told(work: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(lines.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        // Another test's thread may have met the events first, and settled that nobody listens.
        tracing::callsite::rebuild_interest_cache();
        work();
    });
    let bytes = lines.0.lock().expect("no panic").clone();
    String::from_utf8(bytes)
        .expect("text")
        .lines()
        .map(str::to_owned)
        .collect()
}

fn assert_told_once(lines: &[String], part: &str) {
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains(part), "{lines:#?}");
    assert!(lines[0].contains("package.Service/Method"), "{lines:#?}");
}

#[test]
fn trailers_tell_the_end_once() {
    let lines = told(|| {
        let frames = [Ok(Frame::data(&b"x"[..])), Ok(Frame::trailers(status("5")))];
        let mut body = task::spawn(answer(HeaderMap::new(), frames.map(Some)).into_body());
        for _ in 0..2 {
            assert!(assert_ready!(body.enter(|cx, body| body.poll_frame(cx))).is_some());
        }
        assert!(assert_ready!(body.enter(|cx, body| body.poll_frame(cx))).is_none());
    });
    assert_told_once(&lines, "rpc.response.status_code=\"NOT_FOUND\"");
}

#[test]
fn a_status_in_the_headers_is_the_end() {
    let lines = told(|| drop(answer(status("3"), [])));
    assert_told_once(&lines, "rpc.response.status_code=\"INVALID_ARGUMENT\"");
}

#[test]
fn a_body_that_is_dropped_before_its_trailers_was_cancelled() {
    let lines = told(|| {
        let frames = [Some(Ok(Frame::data(&b"x"[..]))), None];
        let mut body = task::spawn(answer(HeaderMap::new(), frames).into_body());
        assert!(assert_ready!(body.enter(|cx, body| body.poll_frame(cx))).is_some());
        assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    });
    assert_told_once(&lines, "the caller left before the end");
}

#[test]
fn a_call_that_is_dropped_before_its_answer_was_cancelled() {
    let lines = told(|| {
        let inner =
            service_fn(|_: Request<()>| std::future::pending::<Result<Response<Frames>, Infallible>>());
        let mut service = OutcomeLayer.layer(inner);
        let request = Request::get("/package.Service/Method")
            .body(())
            .expect("a request");
        let mut call = task::spawn(service.call(request));
        assert_pending!(call.poll());
    });
    assert_told_once(&lines, "the caller left before the end");
}

#[test]
fn a_body_that_fails_is_an_internal_error() {
    let lines = told(|| {
        let mut body = task::spawn(answer(HeaderMap::new(), [Some(Err("broken"))]).into_body());
        let frame = assert_ready!(body.enter(|cx, body| body.poll_frame(cx)));
        assert_eq!(frame.expect("a frame").expect_err("broken"), "broken");
    });
    assert_told_once(&lines, "rpc.response.status_code=\"INTERNAL\"");
}

#[test]
fn each_code_has_the_name_of_the_specification() {
    for number in 0..=16 {
        let code = Code::from_i32(number);
        let camel: String = name(code)
            .split('_')
            .flat_map(|word| [&word[..1], &word[1..]])
            .enumerate()
            .map(|(index, part)| {
                if index % 2 == 0 {
                    part.to_owned()
                } else {
                    part.to_lowercase()
                }
            })
            .collect();
        assert_eq!(camel, format!("{code:?}"));
    }
}
