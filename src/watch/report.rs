//! What the gateway's log says of a feed: what an operator must act on is a warning.

use tracing::{debug, error, info, warn};

use super::end::{NotLive, PollFailure};
use super::health::Health;
use crate::proto::v1::Freshness;
use crate::telemetry::Chain;
use crate::upstream::{Error, Kind};

/// The first watcher of `feed` has come. Whose it is `/feeds` shows, and the log never.
pub(super) fn started(feed: &str) {
    debug!(feed, "a feed starts");
}

/// A poll of `feed` failed, after one that failed as `before`; `is_awaited` if none has shown a state yet.
pub(super) fn failed(feed: &str, error: &Error, before: Option<PollFailure>, is_awaited: bool) {
    let kind = error.kind();
    let is_again = before.is_some_and(|before| before.kind == kind);
    // Of an open breaker, and of polls that try the upstream meanwhile, the log is told by the breaker.
    let is_told = kind == Kind::BreakerOpen || before.is_some_and(|before| before.was_not_asked());
    // What the query lacks is for its caller to mend.
    let is_callers = is_awaited && PollFailure::from(error).refuses_query();
    let error_type = kind.error_type();
    if is_again || is_told || is_callers {
        debug!(feed, error.r#type = error_type, error = %Chain(error), "a poll failed, as was to be expected");
    } else if is_awaited {
        warn!(feed, error.r#type = error_type, error = %Chain(error), "a poll failed: watchers wait for the first state of a feed");
    } else {
        // The next one may be better; if not, it is told that the feed is stale.
        info!(feed, error.r#type = error_type, error = %Chain(error), "a poll failed");
    }
}

/// The state of `feed` can be trusted as far as `health` says, and could not before.
pub(super) fn turned(feed: &str, health: Health) {
    let why = match health.cause {
        Some(NotLive::Failed(failure)) => Some(failure.kind.error_type()),
        // The last one did not fail: it is late.
        Some(NotLive::Pending) => Some(Kind::Elapsed.error_type()),
        None => None,
    };
    let freshness = health.name();
    match health.freshness {
        Freshness::Stale => warn!(
            feed,
            freshness,
            error.r#type = why,
            "a feed is stale: its watchers see how the calls were"
        ),
        Freshness::Down => warn!(
            feed,
            freshness,
            error.r#type = why,
            "a feed is down: what its watchers see is not to be relied on"
        ),
        Freshness::Live | Freshness::Unspecified => info!(feed, freshness, "a feed is live"),
    }
}

/// The task of `feed` panicked.
pub(super) fn panicked(feed: &str) {
    error!(feed, "the owner of a feed panicked; its watches end");
}
