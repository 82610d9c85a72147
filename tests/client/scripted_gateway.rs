//! A gateway that follows a script, one step for each attempt, over memory, so that time can be paused.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use portico::client::{CallWatcher, Params, Query};
use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::{
    ActiveCall, ActiveCallsRequest, ActiveCallsResponse, Bookmark, Delta, Freshness, Goodbye, Snapshot,
    goodbye,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_stream::{Stream, StreamExt as _};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, body};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// What the gateway does with one attempt. Attempts beyond the script are met with silence.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Does not answer at all.
    Mute,
    /// Answers with a status.
    Refuse(Status),
    /// Tells events, then ends as said.
    Tell(Vec<ActiveCallsResponse>, End),
}

/// How a stream ends.
#[derive(Debug)]
pub(crate) enum End {
    /// It does not end, but nothing more comes.
    Silence,
    Closed,
    Status(Status),
}

/// What an attempt asked for, and when.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) request: ActiveCallsRequest,
}

/// A watch of a scripted gateway, and what it asks for.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) watcher: CallWatcher,
    /// Closed when the task of the watch has ended.
    pub(crate) asked: mpsc::UnboundedReceiver<Asked>,
}

/// Starts a watch of a gateway with this script.
pub(crate) fn watch(script: Vec<Attempt>, params: Params) -> Watch {
    let (asking, asked) = mpsc::unbounded_channel();
    let gateway = ScriptedGateway {
        script: Arc::new(Mutex::new(script.into())),
        asking,
    };
    let servers = Arc::new(Mutex::new(JoinSet::new()));
    let dial = move || dial(gateway.clone(), servers.clone());
    Watch {
        watcher: CallWatcher::over(dial, Query::customer(7), params),
        asked,
    }
}

/// A connection of its own, and a server at the other end.
async fn dial(
    gateway: ScriptedGateway,
    servers: Arc<Mutex<JoinSet<()>>>,
) -> Result<Channel, tonic::transport::Error> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let serving = Server::builder()
        .add_service(gateway)
        .serve_with_incoming(tokio_stream::once(Ok::<_, std::io::Error>(theirs)));
    servers.lock().expect("nobody panicked").spawn(async {
        serving.await.expect("memory does not fail");
    });
    let mut ours = Some(TokioIo::new(ours));
    let connector = service_fn(move |_| ready(ours.take().ok_or_else(|| std::io::Error::other("one only"))));
    Endpoint::from_static("http://gateway")
        .connect_with_connector(connector)
        .await
}

#[derive(Clone, Debug)]
struct ScriptedGateway {
    script: Arc<Mutex<VecDeque<Attempt>>>,
    asking: mpsc::UnboundedSender<Asked>,
}

impl NamedService for ScriptedGateway {
    const NAME: &'static str = "porta.customerextension.v1.CustomerExtensionService";
}

impl Service<http::Request<body::Body>> for ScriptedGateway {
    type Response = http::Response<body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<body::Body>) -> Self::Future {
        let attempt = self.script.lock().expect("nobody panicked").pop_front();
        let method = Method {
            attempt: Some(attempt.unwrap_or(Attempt::Mute)),
            asking: self.asking.clone(),
        };
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::default());
            Ok(grpc.server_streaming(method, request).await)
        })
    }
}

/// `ActiveCalls`, once.
#[derive(Debug)]
struct Method {
    attempt: Option<Attempt>,
    asking: mpsc::UnboundedSender<Asked>,
}

type Events = Pin<Box<dyn Stream<Item = Result<ActiveCallsResponse, Status>> + Send>>;

impl ServerStreamingService<ActiveCallsRequest> for Method {
    type Response = ActiveCallsResponse;
    type ResponseStream = Events;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Events>, Status>> + Send>>;

    fn call(&mut self, request: Request<ActiveCallsRequest>) -> Self::Future {
        let asked = Asked {
            at: Instant::now(),
            request: request.into_inner(),
        };
        // The test may have ended.
        let _ = self.asking.send(asked);
        match self.attempt.take() {
            None | Some(Attempt::Mute) => Box::pin(pending()),
            Some(Attempt::Refuse(status)) => Box::pin(ready(Err(status)) as Ready<_>),
            Some(Attempt::Tell(events, end)) => {
                let events = tokio_stream::iter(events.into_iter().map(Ok));
                let events: Events = match end {
                    End::Silence => Box::pin(events.chain(tokio_stream::pending())),
                    End::Closed => Box::pin(events),
                    End::Status(status) => Box::pin(events.chain(tokio_stream::once(Err(status)))),
                };
                Box::pin(ready(Ok(Response::new(events))))
            }
        }
    }
}

// The events that it tells. The token of a version is the version as text.

fn event(version: u64, event: Event) -> ActiveCallsResponse {
    ActiveCallsResponse {
        version,
        resume_token: version.to_string().into_bytes(),
        freshness: Freshness::Live.into(),
        event: Some(event),
        ..ActiveCallsResponse::default()
    }
}

pub(crate) fn call(key: &str) -> ActiveCall {
    ActiveCall {
        key: key.to_owned(),
        ..ActiveCall::default()
    }
}

pub(crate) fn snapshot(version: u64, keys: &[&str]) -> ActiveCallsResponse {
    let snapshot = Snapshot {
        calls: keys.iter().map(|key| call(key)).collect(),
        ..Snapshot::default()
    };
    event(version, Event::Snapshot(snapshot))
}

pub(crate) fn delta(from_version: u64, started: &[&str], ended: &[&str]) -> ActiveCallsResponse {
    let delta = Delta {
        from_version,
        started: started.iter().map(|key| call(key)).collect(),
        ended: ended.iter().map(|key| call(key)).collect(),
        ..Delta::default()
    };
    event(from_version + 1, Event::Delta(delta))
}

pub(crate) fn bookmark(version: u64, next_within: Duration) -> ActiveCallsResponse {
    let bookmark = Bookmark {
        next_within: prost_types::Duration::try_from(next_within).ok(),
    };
    event(version, Event::Bookmark(bookmark))
}

pub(crate) fn goodbye(
    version: u64,
    reason: goodbye::Reason,
    reconnect_after: Duration,
) -> ActiveCallsResponse {
    let goodbye = Goodbye {
        reason: reason.into(),
        reconnect_after: prost_types::Duration::try_from(reconnect_after).ok(),
    };
    event(version, Event::Goodbye(goodbye))
}
