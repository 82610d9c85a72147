//! Why a watch was not opened, or has ended, and why a state is not live: values, of which `status` makes statuses.

use std::time::Duration;

use tonic_types::pb;

use crate::upstream::{Error, Kind};

/// Why a watch was not opened or has ended. A planned rotation is no such reason: the stream just ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// There was no good poll in time; the kind of the last failure, if there was one.
    NoPoll(Option<Kind>),
    /// The upstream refuses the query itself; asking again would not help.
    Query(Kind),
    /// The resume token is of another feed.
    OtherFeed,
    /// The gateway has as many watchers or feeds as it takes.
    Quota(Quota),
    /// The state is older than the caller accepts.
    Stale,
    /// The caller reads too slowly.
    SlowConsumer,
    /// The caller's deadline has passed.
    Deadline,
    /// The gateway is stopping.
    Draining,
    /// The task that polled for the feed has failed: a defect of the gateway. The next watcher starts another.
    Failed,
}

impl End {
    /// The word for it in metrics.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NoPoll(_) => "no_poll",
            Self::Query(_) => "query_refused",
            Self::OtherFeed => "other_feed",
            Self::Quota(_) => "quota",
            Self::Stale => "stale",
            Self::SlowConsumer => "slow_consumer",
            Self::Deadline => "deadline",
            Self::Draining => "draining",
            Self::Failed => "failed",
        }
    }
}

/// A limit of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Watchers of one feed.
    FeedWatchers(usize),
    /// Watchers of the gateway.
    Watchers(usize),
    /// Feeds of one customer by one licence.
    CustomerFeeds(usize),
    /// Feeds that one connection has started.
    ConnectionFeeds(usize),
    /// Feeds of the gateway.
    Feeds(usize),
    /// The memory of the watch, in bytes.
    Memory(usize),
}

/// Why a state is not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLive {
    /// The last poll failed.
    Failed(PollFailure),
    /// No poll has failed: the next good answer is still awaited.
    Pending,
}

/// Makes the message that tells why a state is not live. `watch` knows no statuses.
pub type Explain = fn(&NotLive) -> pb::Status;

/// How a poll failed: all that a status of it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFailure {
    /// What kind of failure it was.
    pub kind: Kind,
    /// How long the upstream asked to wait.
    pub retry_after: Option<Duration>,
}

impl PollFailure {
    /// Whether what is wrong is the query, so that asking again would not help: a customer that does not exist, an
    /// operation the host lacks.
    pub(super) fn refuses_query(&self) -> bool {
        matches!(self.kind, Kind::NotFound | Kind::Refused | Kind::NoOperation)
    }

    /// Whether the upstream was not even asked, as it fails for all.
    pub(super) fn was_not_asked(&self) -> bool {
        self.kind == Kind::BreakerOpen
    }
}

impl From<&Error> for PollFailure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            retry_after: error.retry_after(),
        }
    }
}
