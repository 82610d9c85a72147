//! How far a state can be trusted, and why no further: what a feed's poller knows and its log tells.

use prost_types::Timestamp;
use tokio::time::Instant;

use super::end::{Explain, NotLive};
use crate::proto::v1::{FeedState, Freshness};

/// How far a state can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Health {
    pub(super) freshness: Freshness,
    /// Since when the freshness is so.
    pub(super) since: Timestamp,
    /// Why the state is not live; `None` if and only if it is.
    pub(super) cause: Option<NotLive>,
    /// When the next poll starts; `None` while one is under way or waits for its turn.
    pub(super) next_poll: Option<Instant>,
}

impl Health {
    /// The health as told `now`, of a state that was observed at `last_good_at`.
    pub(super) fn to_feed_state(self, last_good_at: Timestamp, now: Instant, explain: Explain) -> FeedState {
        let Self {
            freshness: _,
            since,
            cause,
            next_poll,
        } = self;
        let next_poll_in = next_poll.map(|next| next.saturating_duration_since(now));
        FeedState {
            since: Some(since),
            last_good_at: Some(last_good_at),
            cause: cause.as_ref().map(explain),
            next_poll_in: next_poll_in.and_then(|wait| prost_types::Duration::try_from(wait).ok()),
        }
    }

    /// The name of the freshness without its prefix.
    pub(super) fn name(self) -> &'static str {
        match self.freshness {
            Freshness::Unspecified => "UNSPECIFIED",
            Freshness::Live => "LIVE",
            Freshness::Stale => "STALE",
            Freshness::Down => "DOWN",
        }
    }
}
