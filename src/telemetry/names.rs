//! The names of metrics and of what they are told apart by: OpenTelemetry's stable conventions, and our own beside them.
//!
//! On `/metrics`, dots are underscores, a histogram of seconds ends with `_seconds`, and a counter with `_total`.

/// Metrics.
pub mod metric {
    /// Histogram: how long an RPC took.
    pub const RPC_DURATION: &str = "rpc.server.call.duration";
    /// Histogram: how long one attempt at the upstream took.
    pub const ATTEMPT_DURATION: &str = "http.client.request.duration";
    /// Histogram: an RPC's time less its upstream's.
    pub const OVERHEAD: &str = "portico.overhead";
    /// Gauge: RPCs that hold a place of `--max-in-flight`.
    pub const IN_FLIGHT: &str = "portico.rpcs_in_flight";
    /// Counter: RPCs that were refused for want of room.
    pub const SHED: &str = "portico.rpcs_shed";
    /// Counter: attempts that were made again.
    pub const RETRIES: &str = "portico.retries";
    /// Gauge: the part of the retry budget that is left.
    pub const RETRY_BUDGET: &str = "portico.retry_budget_ratio";
    /// Counter: answers of the upstream that nothing can be made of.
    pub const UNUSABLE: &str = "portico.unusable_answers";
    /// Gauge: breakers in a state.
    pub const BREAKER_STATE: &str = "portico.breaker_state";
    /// Counter: reads that joined one in flight.
    pub const COALESCED: &str = "portico.coalesced_reads";
    /// Counter: changes, by how they ended.
    pub const CHANGES: &str = "portico.changes";
    /// Gauge: feeds, by how far their states can be trusted.
    pub const FEEDS: &str = "portico.feeds";
    /// Gauge: watchers.
    pub const WATCHERS: &str = "portico.watchers";
    /// Counter: polls, by how they ended.
    pub const POLLS: &str = "portico.polls";
    /// Histogram: how long the upstream took for a poll.
    pub const POLL_DURATION: &str = "portico.poll.duration";
    /// Counter: events that watchers were told.
    pub const WATCH_EVENTS: &str = "portico.watch.events";
    /// Counter: snapshots that watchers got.
    pub const WATCH_SNAPSHOTS: &str = "portico.watch.snapshots";
    /// Counter: watches that have ended.
    pub const WATCH_ENDED: &str = "portico.watch.ended";
    /// Gauge: 1 while the upstream serves.
    pub const UPSTREAM_READY: &str = "portico.upstream_ready";
    /// Counter: spans that were not sent.
    pub const SPANS_DROPPED: &str = "portico.spans_dropped";
    /// Gauge: 1, for its label.
    pub const BUILD_INFO: &str = "portico.build_info";
}

/// What only spans have.
pub mod attribute {
    /// The name of the span: OpenTelemetry's, and not the log's.
    pub const NAME: &str = "otel.name";
    /// Whether it is a server's or a client's.
    pub const KIND: &str = "otel.kind";
    /// `error`, if it failed.
    pub const STATUS: &str = "otel.status_code";
    /// `grpc`.
    pub const RPC_SYSTEM: &str = "rpc.system.name";
    /// How many attempts the caller's retry policy has made before.
    pub const PREVIOUS_ATTEMPTS: &str = "grpc.previous_rpc_attempts";
    /// Who ended the RPC, and where.
    pub const RPC_END: &str = "portico.rpc.end";
    /// How many events a watch has told.
    pub const WATCH_EVENTS: &str = "portico.watch.events";
    /// Why a watch has ended.
    pub const WATCH_ENDED: &str = "portico.watch.ended";
    /// The method of the request.
    pub const HTTP_METHOD: &str = "http.request.method";
    /// How many attempts were made before.
    pub const RESEND_COUNT: &str = "http.request.resend_count";
    /// The size of the body of the answer, in bytes.
    pub const BODY_SIZE: &str = "http.response.body.size";
    /// The host of the upstream.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// Its port.
    pub const SERVER_PORT: &str = "server.port";
}

/// What metrics are told apart by, and spans too.
pub mod label {
    /// `package.Service/Method`.
    pub const RPC_METHOD: &str = "rpc.method";
    /// The name of the gRPC code.
    pub const RPC_STATUS: &str = "rpc.response.status_code";
    /// The upstream's route, without values.
    pub const URL_TEMPLATE: &str = "url.template";
    /// The status of the upstream's answer.
    pub const HTTP_STATUS: &str = "http.response.status_code";
    /// The kind of a failure.
    pub const ERROR_TYPE: &str = "error.type";
    /// Why.
    pub const REASON: &str = "reason";
    /// The name of an RPC without its service.
    pub const OPERATION: &str = "operation";
    /// How it ended.
    pub const OUTCOME: &str = "outcome";
    /// The state that it is in.
    pub const STATE: &str = "state";
    /// How far a state can be trusted.
    pub const FRESHNESS: &str = "freshness";
    /// What has happened.
    pub const EVENT: &str = "event";
    /// Of this program.
    pub const VERSION: &str = "version";
}

/// What only lines of the log have.
pub mod line {
    /// The name of a licence.
    pub const LICENSE: &str = "license";
    /// Which of the gateway's ports.
    pub const LISTENER: &str = "listener";
    /// A place in the code.
    pub const LOCATION: &str = "location";
    /// The name of a feed, as on `/feeds`.
    pub const FEED: &str = "feed";
}

/// What stands for all values that have no name of their own, so that nobody can invent labels.
pub const OTHER: &str = "_OTHER";
