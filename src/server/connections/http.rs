//! HTTP/1 and HTTP/2 with their limits, each set explicitly: several defaults of the libraries are "none".

use std::time::Duration;

use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;

use super::params::Params;
use super::streams::StreamExecutor;

/// Streams on one connection.
const MAX_STREAMS: u32 = 2048;

/// Requests are small: these windows hold many of them.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How much of an answer is taken before there is room for it on the connection, by stream.
const SEND_BUFFER: usize = 64 * 1024;

/// Streams of one connection that the server itself resets, over its life, because its peer breaks rules of HTTP/2. One
/// that has had as many is cut: the guard against floods of resets (RUSTSEC-2024-0003).
const MAX_LOCAL_RESETS: usize = 1024;

/// The headers of one request, in bytes.
const MAX_HEADER_LIST: u32 = 16 * 1024;

/// A connection whose peer is gone is noticed within interval plus timeout.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// What serves a connection. Which of the two a peer speaks is seen from its first bytes.
pub(super) fn builder(params: &Params, streams: StreamExecutor) -> Builder<StreamExecutor> {
    let mut builder = Builder::new(streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(params.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_local_error_reset_streams(Some(MAX_LOCAL_RESETS))
        .max_header_list_size(MAX_HEADER_LIST)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Some(KEEPALIVE_INTERVAL))
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    builder
}
