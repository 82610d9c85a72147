//! The gateway's settings: where the upstream is, and how it is called.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use opentelemetry::metrics::Meter;

use super::license::LicenseArgs;
use super::{Refused, Size, Time};
use crate::caller::DEFAULT_DEADLINE;
use crate::layer::admission;
use crate::server::{self, connections};
use crate::telemetry::Chain;
use crate::upstream::stack::{self, retry};
use crate::upstream::{BaseUrl, Client, License, Transport, client, http};
use crate::watch;

/// The shortest interval that is taken: more polls would only burden the upstream.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The least memory that is taken for the watch: with less it could tell only states of a few calls.
const MIN_WATCH_MEMORY: Size = Size::mib(1);

/// Where the upstream is, and the licence for it.
#[derive(Args, Debug)]
pub struct UpstreamArgs {
    /// Where the upstream's services are, such as https://porta.example.com
    #[arg(long, env = "PORTICO_UPSTREAM_URL", value_name = "URL")]
    upstream_url: String,
    #[command(flatten)]
    license: LicenseArgs,
}

/// How the upstream is called, what the watch may take, and how the gateway stops.
#[derive(Args, Debug)]
pub struct GatewayArgs {
    /// How operations are carried: GET routes, or the reply route, which keeps the licence out of URLs and carries any
    /// text
    #[arg(
        long,
        env = "PORTICO_UPSTREAM_TRANSPORT",
        value_enum,
        default_value_t = Transport::default().into(),
        value_name = "TRANSPORT"
    )]
    upstream_transport: TransportName,
    /// The IANA zone of the upstream's times that come without one
    #[arg(
        long,
        env = "PORTICO_UPSTREAM_TIMEZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    upstream_timezone: String,
    /// A PEM file with the only certificate authorities to trust for https; without it the system's
    #[arg(long, env = "PORTICO_UPSTREAM_CA_FILE", value_name = "PATH")]
    upstream_ca_file: Option<PathBuf>,
    /// Limit for connecting to the upstream
    #[arg(long, env = "PORTICO_UPSTREAM_CONNECT_TIMEOUT", default_value_t = http::Params::default().connect_timeout.into(), value_name = "TIME")]
    upstream_connect_timeout: Time,
    /// Limit for one attempt to get an answer from the upstream
    #[arg(long, env = "PORTICO_UPSTREAM_TIMEOUT", default_value_t = client::Params::default().timeout.into(), value_name = "TIME")]
    upstream_timeout: Time,
    /// Limit for a call whose caller does not say how long it waits
    #[arg(long, env = "PORTICO_DEFAULT_DEADLINE", default_value_t = DEFAULT_DEADLINE.into(), value_name = "TIME")]
    default_deadline: Time,
    /// How many attempts a read has when the upstream fails for the moment; 1 = it is never tried again
    #[arg(
        long,
        env = "PORTICO_UPSTREAM_ATTEMPTS",
        default_value_t = client::Params::default().stack.retry.attempts,
        value_name = "COUNT"
    )]
    upstream_attempts: u32,
    /// Requests to the upstream at one time on behalf of calls; polls of live calls have a limit of their own
    #[arg(
        long,
        env = "PORTICO_UPSTREAM_CONCURRENCY",
        default_value_t = client::Params::default().stack.concurrency,
        value_name = "COUNT"
    )]
    upstream_concurrency: usize,
    /// The most calls at one time, without watches; those beyond it are refused
    #[arg(
        long,
        env = "PORTICO_MAX_IN_FLIGHT",
        default_value_t = server::Params::default().admission.max_in_flight,
        value_name = "COUNT"
    )]
    max_in_flight: usize,
    /// Whether connections to the upstream are used again; `off` is for an upstream or proxy that confuses the answers on a
    /// connection
    #[arg(
        long,
        env = "PORTICO_UPSTREAM_CONNECTION_REUSE",
        value_enum,
        default_value_t = Reuse::On,
        value_name = "REUSE"
    )]
    upstream_connection_reuse: Reuse,
    /// From the end of one poll of live calls to the start of the next
    #[arg(long, env = "PORTICO_POLL_INTERVAL", default_value_t = watch::Params::default().interval.into(), value_name = "TIME")]
    poll_interval: Time,
    /// Polls of live calls at one time, without those whose customers are slow to be answered
    #[arg(
        long,
        env = "PORTICO_POLL_CONCURRENCY",
        default_value_t = watch::Params::default().concurrent_polls,
        value_name = "COUNT"
    )]
    poll_concurrency: usize,
    /// The most watchers of one query: a customer, with or without product ids
    #[arg(
        long,
        env = "PORTICO_MAX_FEED_WATCHERS",
        default_value_t = watch::Params::default().max_feed_watchers,
        value_name = "COUNT"
    )]
    max_feed_watchers: usize,
    /// The most watchers altogether
    #[arg(
        long,
        env = "PORTICO_MAX_WATCHERS",
        default_value_t = watch::Params::default().max_watchers,
        value_name = "COUNT"
    )]
    max_watchers: usize,
    /// The most different queries watched
    #[arg(
        long,
        env = "PORTICO_MAX_FEEDS",
        default_value_t = watch::Params::default().max_feeds,
        value_name = "COUNT"
    )]
    max_feeds: usize,
    /// The most connections to the gRPC port; half of them for one address that is not this machine's
    #[arg(
        long,
        env = "PORTICO_MAX_CONNECTIONS",
        default_value_t = connections::Params::default().max,
        value_name = "COUNT"
    )]
    max_connections: usize,
    /// The most memory that the watch may hold; watchers that do not read are ended first
    #[arg(
        long,
        env = "PORTICO_WATCH_MEMORY",
        default_value_t = Size::b(watch::Params::default().memory as u64),
        value_name = "SIZE"
    )]
    watch_memory: Size,
    /// How long calls in flight may go on once connections are refused
    #[arg(long, env = "PORTICO_DRAIN_TIMEOUT", default_value_t = server::Params::default().drain_timeout.into(), value_name = "TIME")]
    drain_timeout: Time,
}

/// How operations are carried.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TransportName {
    /// The published GET routes
    Routes,
    /// The reply route
    Reply,
}

/// Whether connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reuse {
    /// One request after another
    On,
    /// Each request has a connection of its own
    Off,
}

impl From<Transport> for TransportName {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Routes => Self::Routes,
            Transport::Reply => Self::Reply,
        }
    }
}

impl UpstreamArgs {
    /// Where the upstream is.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the URL is not a base URL.
    pub fn base(&self) -> Result<BaseUrl, Refused> {
        self.upstream_url
            .parse()
            .map_err(|why| Refused::new("--upstream-url", why))
    }

    /// The licence, which `transport` can carry.
    ///
    /// # Errors
    ///
    /// [`Refused`] for a file that cannot be read, and a licence that cannot be carried.
    pub fn license(&self, transport: Transport) -> Result<License, Refused> {
        self.license.read(transport)
    }
}

impl GatewayArgs {
    /// The client of the upstream at `base`, whose metrics are made of `meter`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for no attempts, no requests at one time, and if the CA file is unusable or TLS cannot be set up.
    pub fn client(&self, base: BaseUrl, meter: Meter) -> Result<Client, Refused> {
        if self.upstream_attempts == 0 {
            return Err(Refused::new("--upstream-attempts", "must be at least 1"));
        }
        if self.upstream_concurrency == 0 {
            return Err(Refused::new("--upstream-concurrency", "must be at least 1"));
        }
        let retry = retry::Params {
            attempts: self.upstream_attempts,
            ..retry::Params::default()
        };
        let params = client::Params {
            timeout: self.upstream_timeout.into(),
            stack: stack::Params {
                concurrency: self.upstream_concurrency,
                retry,
                ..stack::Params::default()
            },
            http: http::Params {
                connect_timeout: self.upstream_connect_timeout.into(),
                ca_file: self.upstream_ca_file.clone(),
                reuse_connections: self.upstream_connection_reuse == Reuse::On,
                ..http::Params::default()
            },
            meter,
        };
        Client::new(base, self.transport(), &params)
            .map_err(|error| Refused::new("--upstream-ca-file", Chain(&error)))
    }

    /// The limit for a whole exchange.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.upstream_timeout.into()
    }

    /// How long a call may take whose caller does not say.
    #[must_use]
    pub fn default_deadline(&self) -> Duration {
        self.default_deadline.into()
    }

    /// How operations are carried.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.upstream_transport {
            TransportName::Routes => Transport::Routes,
            TransportName::Reply => Transport::Reply,
        }
    }

    /// The settings of the server.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an unknown zone, a poll interval under 50 ms, no polls, no calls, no connections, and memory for the watch that is
    /// less than 1 MiB or more than there can be.
    pub fn server(&self, drain_delay: Duration) -> Result<server::Params, Refused> {
        let zone = TimeZone::get(&self.upstream_timezone).map_err(|_| {
            Refused::new(
                "--upstream-timezone",
                "no such zone; give an IANA name such as Europe/Berlin",
            )
        })?;
        if *self.poll_interval < MIN_POLL_INTERVAL {
            return Err(Refused::new("--poll-interval", "must be at least 50ms"));
        }
        if self.poll_concurrency == 0 {
            return Err(Refused::new("--poll-concurrency", "must be at least 1"));
        }
        if self.max_in_flight == 0 {
            return Err(Refused::new("--max-in-flight", "must be at least 1"));
        }
        if self.max_connections == 0 {
            return Err(Refused::new("--max-connections", "must be at least 1"));
        }
        if self.watch_memory < MIN_WATCH_MEMORY {
            return Err(Refused::new("--watch-memory", "must be at least 1MiB"));
        }
        let memory = usize::try_from(self.watch_memory.as_u64())
            .map_err(|_| Refused::new("--watch-memory", "is more than this machine can address"))?;
        let watch = watch::Params {
            interval: self.poll_interval.into(),
            concurrent_polls: self.poll_concurrency,
            max_feed_watchers: self.max_feed_watchers,
            max_watchers: self.max_watchers,
            max_connection_feeds: self.max_feeds.div_ceil(4),
            max_feeds: self.max_feeds,
            memory,
            ..watch::Params::default()
        };
        Ok(server::Params {
            upstream_timezone: zone,
            drain_delay,
            drain_timeout: self.drain_timeout.into(),
            admission: admission::Params {
                max_in_flight: self.max_in_flight,
                ..admission::Params::default()
            },
            connections: connections::Params::default().limited(self.max_connections),
            watch,
            ..server::Params::default()
        })
    }
}
