//! The endpoint to watch through.

use std::time::Duration;

use tonic::transport::{Endpoint, Uri};

/// How many bytes a gateway may have on the way to one watch. It starts to fold deltas when this is full, so the window
/// bounds how old an event can be when it arrives: tonic's default of 2 MB holds minutes of a busy customer.
const STREAM_WINDOW: u32 = 64 * 1024;

/// Room for a stuck stream or two beside the others, should the channel be shared.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// With long heartbeats, finds a dead peer sooner than the silence of the watch does; and keeps paths through NAT open.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// An endpoint with the windows, keepalive and timeouts that suit a watch. Build on it for TLS or an origin.
#[must_use]
pub fn endpoint(uri: Uri) -> Endpoint {
    Endpoint::from(uri)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .tcp_nodelay(true)
}
