//! Calls, times, freshness and the end of the watch in words.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::text::clean;
use crate::client::{Away, Cause, Freshness, Trouble};
use crate::proto::v1::ActiveCall;

/// Two clocks, read once: `wall` for times of day, `instant` for waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) wall: SystemTime,
    pub(super) instant: Instant,
}

impl Now {
    pub(super) fn read() -> Self {
        Self {
            wall: SystemTime::now(),
            instant: Instant::now(),
        }
    }
}

/// When the call was answered.
pub(super) fn connected_at(call: &ActiveCall) -> Option<SystemTime> {
    call.connect_time.and_then(|time| SystemTime::try_from(time).ok())
}

/// How long the call has been connected by the clock here; none if it rings.
pub(super) fn talking_for(call: &ActiveCall, now: Now) -> Option<Duration> {
    let connected = connected_at(call)?;
    Some(now.wall.duration_since(connected).unwrap_or_default())
}

/// A duration as a clock shows it: `1:05`, `1:02:05`.
pub(super) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A duration in words: `14 s`, `3 min`, `2 h 5 min`.
pub(super) fn span(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The time of day in the zone of this machine.
pub(super) fn time_of_day(time: SystemTime) -> String {
    match Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string(),
        Err(_) => "?".to_owned(),
    }
}

/// How far the calls on the screen can be trusted, in words that [`clean`] would leave as they are.
pub(super) fn freshness(freshness: &Freshness, now: Now) -> String {
    match freshness {
        Freshness::Stale(trouble) => troubled("stale", trouble, now),
        Freshness::Down(trouble) => troubled("upstream down", trouble, now),
        Freshness::Away(away) => self::away(away, now),
        other => other.name().to_owned(),
    }
}

/// Why the watch is over for good, in words that [`clean`] would leave as they are.
pub(super) fn refusal(status: &tonic::Status) -> String {
    let (code, text) = (status.code(), clean(status.message()));
    format!("the gateway refuses the watch: {text} ({code:?})")
}

fn troubled(what: &str, trouble: &Trouble, now: Now) -> String {
    let seen = trouble.last_good_at.map_or_else(String::new, |good| {
        let ago = now.wall.duration_since(good).unwrap_or_default();
        format!(": last seen {} ago", span(ago))
    });
    let cause = trouble
        .cause
        .as_ref()
        .map_or_else(String::new, |(_, cause)| format!(" ({})", clean(cause)));
    format!("{what}{seen}{cause}")
}

fn away(away: &Away, now: Now) -> String {
    let retry = match away.retry_at {
        // Rounded up, so that it counts down to 1.
        Some(at) => {
            let wait = at.saturating_duration_since(now.instant);
            format!(", trying again in {}", span(wait + Duration::from_millis(999)))
        }
        None => ", trying now".to_owned(),
    };
    match &away.cause {
        Cause::Starting => "connecting to the gateway".to_owned(),
        cause => format!(
            "gateway away for {}{retry} ({})",
            span(now.wall.duration_since(away.since).unwrap_or_default()),
            clean(&cause.to_string())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let of = |seconds| {
            (
                clock(Duration::from_secs(seconds)),
                span(Duration::from_secs(seconds)),
            )
        };
        assert_eq!(of(5), ("0:05".to_owned(), "5 s".to_owned()));
        assert_eq!(of(125), ("2:05".to_owned(), "2 min".to_owned()));
        assert_eq!(of(7505), ("2:05:05".to_owned(), "2 h 5 min".to_owned()));
    }

    #[test]
    fn stale_says_since_when_and_why_without_controls() {
        let now = Now::read();
        let trouble = Trouble {
            last_good_at: Some(now.wall - Duration::from_secs(14)),
            cause: Some((tonic::Code::Unavailable, "gone\u{1b}[0m".to_owned())),
            ..Trouble::default()
        };
        assert_eq!(
            freshness(&Freshness::Stale(trouble), now),
            "stale: last seen 14 s ago (gone\u{fffd}[0m)"
        );
    }

    #[test]
    fn a_call_that_rings_talks_for_no_time_and_a_clock_that_is_behind_for_zero() {
        let now = Now::read();
        let mut call = ActiveCall::default();
        assert_eq!(talking_for(&call, now), None);
        call.connect_time = Some((now.wall + Duration::from_secs(5)).into());
        assert_eq!(talking_for(&call, now), Some(Duration::ZERO));
    }
}
