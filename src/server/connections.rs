//! Connections: who may have one, for how long, and how they end.
//!
//! ```text
//!   accept ──▶ door ──▶ (a handshake, once there is TLS) ──▶ connection ──▶ calls ──▶ the service
//!     │          └── full: closed at once                        │            └── each body is watched
//!     └── no descriptors: the spare one, then a pause            ├── says nothing, idle: ended
//!                                                                └── stop: no new calls, ended when the last is done
//! ```
//!
//! Nothing that a peer does or leaves undone keeps a connection, a stream or what they hold for ever:
//!
//! | a peer that | is |
//! | --- | --- |
//! | does not say which protocol it speaks | closed after [`Params::greeting`] |
//! | does not end the head of a request (HTTP/1) | closed after [`Params::head`] |
//! | is silent, pings included (HTTP/2) | closed after the keepalive's interval and timeout |
//! | does not end its request | answered with an error after [`Params::request`] |
//! | does not go on with a request that has no end | taken as done after [`Params::idle`] |
//! | does not read an answer | reset, that stream alone, after [`Params::unread`] |
//! | does not read at all | closed after [`Params::unread`] |
//! | has no call in flight | sent away after [`Params::idle`] |

mod accept;
mod activity;
mod answer_body;
mod calls;
mod connection;
mod descriptors;
mod door;
mod http;
mod io;
mod notice;
mod params;
mod piece;
mod request_body;
mod streams;

use std::convert::Infallible;
use std::sync::Arc;

use ::http::{Request, Response};
use bytes::Bytes;
use http_body::Body;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service;
use tracing::{debug, warn};

use self::accept::Acceptor;
pub(super) use self::accept::WhenExhausted;
use self::connection::Connection;
use self::descriptors::SPARE;
use self::door::Door;
use self::streams::Streams;
use crate::layer::outcome::Peer;

pub use self::params::Params;

/// A listener, and what it is for.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    /// What it is called in the log.
    pub(super) name: &'static str,
    pub(super) when_exhausted: WhenExhausted,
    /// Of which paths requests may go on for as long as their caller likes, until the stop.
    pub(super) is_conversation: fn(&str) -> bool,
}

/// The same limits, but no more connections than there are descriptors for.
pub(super) fn within_descriptors(params: Params) -> Params {
    let (wanted, allowed) = (params.max, descriptors::allow(params.max));
    if wanted == allowed {
        return params;
    }
    warn!(
        wanted,
        allowed,
        "fewer connections are taken than --max-connections says: the limit of open files (ulimit -n) is too low"
    );
    params.limited(allowed)
}

/// Serves connections until `stop`, then takes no more and completes when the last one has ended: idle ones soon, others
/// after their last call.
///
/// # Cancellation
///
/// Dropping the future ends all connections.
pub(super) async fn serve<S, B>(listening: Listening, service: S, params: Params, stop: CancellationToken)
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Listening {
        listener,
        name,
        when_exhausted,
        is_conversation,
    } = listening;
    let streams = Streams::new(params.unread);
    let params = Arc::new(params);
    let mut door = Door::new(name, params.max, params.max_per_peer);
    let mut acceptor = Acceptor::new(listener, name, when_exhausted);
    // Aborted when this is dropped. A stream ends with its connection.
    let mut connections = JoinSet::new();
    loop {
        let (socket, peer) = tokio::select! {
            accepted = acceptor.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.cancelled() => break,
        };
        let Some(place) = door.enter(peer) else {
            continue;
        };
        let connection = Connection {
            service: service.clone(),
            peer: Peer(peer.ip().to_canonical()),
            params: params.clone(),
            is_conversation,
            streams: streams.clone(),
            stop: stop.clone(),
        };
        connections.spawn(async move {
            connection.run(socket).await;
            // At once: its descriptor may be that one, and others are after it.
            SPARE.refill();
            drop(place);
        });
    }
    // Closes the listener: who comes now is refused by the system, and goes elsewhere.
    drop(acceptor);
    debug!(
        listener = name,
        open = connections.len(),
        "no more connections are taken"
    );
    while connections.join_next().await.is_some() {}
    streams.ended().await;
}
