//! A gateway in this process, without sockets: the service that answers `ActiveCalls` over a hub of its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use jiff::tz::TimeZone;
use portico::caller::Callers;
use portico::lifecycle::Readiness;
use portico::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};
use portico::service::Watching;
use portico::status;
use portico::telemetry::metrics::nowhere;
use portico::upstream::{License, Transport};
use portico::watch::{FeedInfo, Hub, Params};
use prost::Message as _;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::util::ServiceFn;
use tower::{Service as _, service_fn};

use super::upstream::Upstream;

const PATH: &str = "/porta.customerextension.v1.CustomerExtensionService/ActiveCalls";

type Call = Request<Body>;
type Other = ServiceFn<fn(Call) -> Ready<Result<Response<Body>, Infallible>>>;

#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) hub: Hub,
    pub(crate) upstream: Upstream,
    service: Watching<Other>,
    bound: Arc<JoinSet<Infallible>>,
}

/// The answer of one `ActiveCalls`.
#[derive(Debug)]
pub(crate) struct Stream {
    body: Body,
    /// Messages that came in one frame with the last, and are next.
    more: VecDeque<ActiveCallsResponse>,
    /// A message that has come in part.
    begun: BytesMut,
}

/// What comes next on a stream.
#[derive(Debug)]
pub(crate) enum Next {
    Event(Box<ActiveCallsResponse>),
    End(Status),
}

/// Settings that leave nothing to chance.
pub(crate) fn even() -> Params {
    Params {
        jitter: 0.0,
        ..Params::default()
    }
}

pub(crate) fn request(customer: i64) -> ActiveCallsRequest {
    ActiveCallsRequest {
        i_customer: customer,
        ..ActiveCallsRequest::default()
    }
}

pub(crate) fn resume(customer: i64, token: &[u8]) -> ActiveCallsRequest {
    ActiveCallsRequest {
        resume_token: token.to_vec(),
        ..request(customer)
    }
}

pub(crate) fn callers() -> Callers {
    let license = License::parse(License::DEFAULT_NAME, "a-licence", Transport::default());
    Callers::with(license.expect("a licence"))
}

/// All feeds of a gateway over `upstream`.
pub(crate) fn hub(upstream: &Upstream, params: Params) -> Hub {
    Hub::new(
        upstream.client(),
        Readiness::default(),
        TimeZone::UTC,
        params,
        status::explain,
        &nowhere(),
    )
}

fn other(_: Call) -> Ready<Result<Response<Body>, Infallible>> {
    ready(Ok(Response::new(Body::empty())))
}

impl Gateway {
    pub(crate) fn new(upstream: &Upstream, params: Params) -> Self {
        let hub = hub(upstream, params);
        let mut bound = JoinSet::new();
        bound.spawn(hub.keep_within_memory());
        Self {
            bound: Arc::new(bound),
            service: Watching::new(
                service_fn(other as fn(_) -> _),
                hub.clone(),
                callers(),
                Transport::default(),
            ),
            hub,
            upstream: upstream.clone(),
        }
    }

    /// The same gateway to those who are served by another licence.
    pub(crate) fn of_license(&self, name: &str) -> Self {
        let license = License::parse(name, name, Transport::default()).expect("a licence");
        Self {
            bound: self.bound.clone(),
            service: Watching::new(
                service_fn(other as fn(_) -> _),
                self.hub.clone(),
                Callers::with(license),
                Transport::default(),
            ),
            hub: self.hub.clone(),
            upstream: self.upstream.clone(),
        }
    }

    pub(crate) async fn open(&self, request: ActiveCallsRequest) -> Result<Stream, Status> {
        self.open_within(request, None).await
    }

    /// Opens with a deadline, as a client tells it.
    pub(crate) async fn open_within(
        &self,
        request: ActiveCallsRequest,
        deadline: Option<Duration>,
    ) -> Result<Stream, Status> {
        let mut body = BytesMut::new();
        body.put_u8(0);
        body.put_u32(u32::try_from(request.encoded_len()).expect("a small request"));
        request.encode(&mut body).expect("a buffer grows");
        let mut call = Request::post(PATH);
        if let Some(deadline) = deadline {
            call = call.header("grpc-timeout", format!("{}m", deadline.as_millis()));
        }
        let call = call.body(Full::new(body.freeze())).expect("a request");
        let Ok(response) = self.service.clone().call(call).await;
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(Stream {
                body: response.into_body(),
                more: VecDeque::new(),
                begun: BytesMut::new(),
            }),
        }
    }

    /// Opens a watch that must open.
    pub(crate) async fn watch(&self, request: ActiveCallsRequest) -> Stream {
        self.open(request).await.expect("the watch opens")
    }

    /// The feeds, by the operator's view.
    pub(crate) fn feeds(&self) -> Vec<FeedInfo> {
        self.hub.feeds()
    }

    /// How many watch, by the operator's view.
    pub(crate) fn watchers(&self) -> usize {
        self.hub.feeds().iter().map(|feed| feed.watchers).sum()
    }
}

impl Stream {
    pub(crate) async fn next(&mut self) -> Next {
        if let Some(event) = self.more.pop_front() {
            return Next::Event(Box::new(event));
        }
        loop {
            let Some(frame) = self.body.frame().await else {
                return Next::End(Status::new(Code::Internal, "a stream without a status"));
            };
            let frame = frame.expect("a watcher's body does not fail");
            match frame.into_data() {
                Ok(frame) if self.begun.is_empty() && is_whole(&frame) => return self.events(frame),
                Ok(piece) => {
                    self.begun.extend_from_slice(&piece);
                    if is_whole(&self.begun) {
                        let whole = self.begun.split().freeze();
                        return self.events(whole);
                    }
                }
                Err(frame) => {
                    assert!(self.begun.is_empty(), "no message is cut by the end");
                    let trailers = frame.into_trailers().expect("data or trailers");
                    return Next::End(Status::from_header_map(&trailers).expect("a status in the trailers"));
                }
            }
        }
    }

    /// The next frame as it comes, which is a piece of a message that goes on.
    pub(crate) async fn piece(&mut self) -> Bytes {
        let frame = self.body.frame().await.expect("the stream goes on");
        let frame = frame.expect("a watcher's body does not fail");
        let piece = frame.into_data().expect("data");
        self.begun.extend_from_slice(&piece);
        assert!(!is_whole(&self.begun), "a piece of a message");
        piece
    }

    fn events(&mut self, frame: Bytes) -> Next {
        let mut events = decode(frame).into_iter();
        let first = events.next().expect("a frame holds a message");
        self.more = events.collect();
        Next::Event(Box::new(first))
    }

    /// Whether the last frame held more than has been taken: a client that has it, has it all.
    pub(crate) fn has_more(&self) -> bool {
        !self.more.is_empty()
    }

    /// The next event, of a stream that goes on.
    pub(crate) async fn event(&mut self) -> ActiveCallsResponse {
        match self.next().await {
            Next::Event(event) => *event,
            Next::End(status) => panic!("the stream ended: {status}"),
        }
    }

    /// What is still told, and the status of the end.
    pub(crate) async fn rest(&mut self) -> (Vec<ActiveCallsResponse>, Status) {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Next::Event(event) => events.push(*event),
                Next::End(status) => return (events, status),
            }
        }
    }
}

/// Whether bytes end where a message ends.
fn is_whole(mut bytes: &[u8]) -> bool {
    while let Some((&[_, len @ ..], rest)) = bytes.split_first_chunk::<5>() {
        match rest.get(u32::from_be_bytes(len) as usize..) {
            Some(next) => bytes = next,
            None => return false,
        }
    }
    bytes.is_empty()
}

/// The messages of a frame, the last one whole, too.
fn decode(mut frame: Bytes) -> Vec<ActiveCallsResponse> {
    let mut events = Vec::new();
    while frame.has_remaining() {
        assert_eq!(frame.get_u8(), 0, "not compressed");
        let len = frame.get_u32();
        let message = frame.split_to(len as usize);
        events.push(ActiveCallsResponse::decode(message).expect("an event"));
    }
    events
}
