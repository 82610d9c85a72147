//! The limits of connections.

use std::time::Duration;

/// Limits of the connections of one listener.
#[derive(Clone, Debug)]
pub struct Params {
    /// Connections at one time.
    pub max: usize,
    /// Connections of one peer at one time: an IPv4 address, or a /64 of IPv6. Peers on this machine have no such limit.
    pub max_per_peer: usize,
    /// How long a peer may take to say which protocol it speaks: the preface of HTTP/2, or the first byte of HTTP/1.
    pub greeting: Duration,
    /// How long the head of a request over HTTP/1 may take, and how long such a connection may wait for the next one.
    pub head: Duration,
    /// How long a request may take to arrive as a whole.
    pub request: Duration,
    /// How long a peer may leave unread what it was sent.
    pub unread: Duration,
    /// How long a connection may have no call in flight, and the request of a conversation nothing to say.
    pub idle: Duration,
}

impl Params {
    /// The same with at most `max` connections. Half of them are for one peer: it may be a proxy that brings everybody.
    #[must_use]
    pub fn limited(self, max: usize) -> Self {
        Self {
            max,
            max_per_peer: max.div_ceil(2),
            ..self
        }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self {
            max: 10_000,
            max_per_peer: 5_000,
            greeting: Duration::from_secs(10),
            head: Duration::from_secs(30),
            request: Duration::from_secs(20),
            unread: Duration::from_secs(60),
            idle: Duration::from_secs(300),
        }
    }
}
