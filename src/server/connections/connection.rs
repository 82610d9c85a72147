//! The life of one connection.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use ::http::{Request, Response};
use bytes::Bytes;
use http_body::Body;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;
use tracing::debug;

use super::activity::{Activity, Leave};
use super::calls::Calls;
use super::http;
use super::io::Io;
use super::params::Params;
use super::streams::Streams;
use crate::layer::outcome::Peer;
use crate::lifecycle::{ConnectionId, Stream};

/// What a connection is served with.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) service: S,
    pub(super) peer: Peer,
    pub(super) params: Arc<Params>,
    pub(super) is_conversation: fn(&str) -> bool,
    pub(super) streams: Streams,
    pub(super) stop: CancellationToken,
}

impl<S, B> Connection<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible> + Clone,
    S: Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Serves `socket` until its peer has gone, or there is no reason to go on.
    ///
    /// A handshake, such as that of TLS, would come first, within [`Params::greeting`].
    pub(super) async fn run(self, socket: TcpStream) {
        let id = ConnectionId::next();
        let patience = self.params.unread;
        // Over HTTP/1 the connection answers one call after another by itself.
        Stream::new(id).answer(patience, self.serve(id, socket)).await;
    }

    async fn serve(self, id: ConnectionId, socket: TcpStream) {
        let Self {
            service,
            peer,
            params,
            is_conversation,
            streams,
            stop,
        } = self;
        let activity = Arc::new(Activity::new());
        let io = Io::new(socket, activity.clone(), params.unread);
        let calls = Calls {
            inner: service,
            activity: activity.clone(),
            peer,
            limit: params.request,
            is_conversation,
            silence: params.idle,
            stop: stop.clone(),
        };
        let http = http::builder(&params, streams.of(id));
        let mut connection = pin!(http.serve_connection(TokioIo::new(io), calls));
        let reason = tokio::select! {
            ended = connection.as_mut() => return tell(ended),
            leave = activity.useless(params.greeting, params.idle) => match leave {
                Leave::Silent => return debug!(reason = "silent", "a connection is closed"),
                Leave::Idle => "idle",
            },
            () = stop.cancelled() => "stop",
        };
        debug!(reason, "a connection is to end");
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            ended = connection.as_mut() => tell(ended),
            () = activity.finished() => debug!(reason = "stays", "a connection is closed"),
        }
    }
}

fn tell(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        debug!(error = &*error as &dyn std::error::Error, "a connection failed");
    }
}
