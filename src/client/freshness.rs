//! How far the state of a watch can be trusted.

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tonic::Code;

use crate::proto::v1::goodbye;

/// How far a state can be trusted to be today's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Freshness {
    /// The upstream was polled within the last few intervals.
    Live,
    /// The gateway's last good poll is some intervals old.
    Stale(Trouble),
    /// The upstream has not answered the gateway for long.
    Down(Trouble),
    /// There is no stream from the gateway: the state is the one from before it broke.
    Away(Away),
}

/// What the gateway says of a state that is not live.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Trouble {
    /// Since when the freshness is what it is, by the gateway's clock.
    pub since: Option<SystemTime>,
    /// When the last good poll ended, by the gateway's clock.
    pub last_good_at: Option<SystemTime>,
    /// Why the state is not live: how the last poll failed, or that the next good answer is awaited.
    pub cause: Option<(Code, String)>,
    /// How long after this was told the upstream was to be asked again; `None` while it was being asked.
    pub next_poll_in: Option<Duration>,
}

/// Why there is no stream, and since when.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Away {
    /// Since when.
    pub since: SystemTime,
    /// Why.
    pub cause: Cause,
    /// How many breaks in a row there have been.
    pub breaks: u32,
    /// When the next attempt begins; `None` while one is under way, and after the last.
    pub retry_at: Option<Instant>,
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// There has been none yet.
    Starting,
    /// The gateway said goodbye.
    Goodbye(goodbye::Reason),
    /// The gateway cannot be reached.
    Unreachable(String),
    /// The call ended with this status, the gateway's or the transport's.
    Status(Code, String),
    /// The stream ended without a word.
    Closed,
    /// Nothing came for so long that the connection must be dead.
    Silence(Duration),
    /// An event did not fit the state.
    OutOfStep,
}

// === impl Freshness ===

impl Freshness {
    /// Whether the state is today's.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }

    /// `live`, `stale`, `down` or `away`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stale(_) => "stale",
            Self::Down(_) => "down",
            Self::Away(_) => "away",
        }
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self {
            Self::Live => return f.write_str(self.name()),
            Self::Stale(trouble) | Self::Down(trouble) => match &trouble.cause {
                Some((_, text)) => text.clone(),
                None => return f.write_str(self.name()),
            },
            Self::Away(away) => away.cause.to_string(),
        };
        write!(f, "{} ({cause})", self.name())
    }
}

// === impl Cause ===

impl Cause {
    /// Whether the gateway announced the end of the stream.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        matches!(self, Self::Goodbye(_))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("connecting"),
            Self::Goodbye(goodbye::Reason::Draining) => f.write_str("the gateway is stopping"),
            Self::Goodbye(goodbye::Reason::Rotated) => f.write_str("the gateway asked to connect anew"),
            Self::Goodbye(goodbye::Reason::Revoked) => f.write_str("the gateway revoked the watch"),
            Self::Goodbye(goodbye::Reason::Unspecified) => f.write_str("the gateway said goodbye"),
            Self::Unreachable(why) => write!(f, "the gateway cannot be reached: {why}"),
            Self::Status(code, text) if text.is_empty() => write!(f, "{code:?}"),
            Self::Status(_, text) => f.write_str(text),
            Self::Closed => f.write_str("the gateway ended the stream"),
            Self::Silence(time) => write!(f, "nothing came for {} s", time.as_secs()),
            Self::OutOfStep => f.write_str("an event did not fit; asking for everything"),
        }
    }
}
