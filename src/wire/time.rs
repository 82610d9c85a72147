//! The upstream's times as it writes them: with an offset, in UTC, or with their zone lost.
//!
//! | written | read as |
//! | --- | --- |
//! | `2026-11-23` | midnight, zone unspecified: the writer drops a midnight's zone |
//! | `2026-11-23T14:03:07Z`, `….123Z` | UTC |
//! | `2026-11-23T14:05:00.1230000-05:00` | that offset |
//! | `2026-11-23T14:03:07` | zone unspecified |
//! | `2026-11-23T14.03.07Z` | the same with the time separator of some cultures, which version 3 lets through |
//! | `0001-01-01` | not set |
//!
//! Nothing else is a time: not a blank, not a number, not the hour 24. What an unspecified zone means, the caller says:
//! see [`Time::to_utc`].

mod text;

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// A time as written, in steps of 100 ns. The default is `0001-01-01`, the upstream's "not set".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    /// What the clock on the wall showed.
    civil: DateTime,
    zone: Zone,
}

/// What the text said of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Nothing: a bare date, or a time without suffix.
    Unspecified,
    /// Minutes east of UTC; `Z` is 0.
    Offset(i16),
}

/// The text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseTimeError;

const NOT_SET: DateTime = DateTime::constant(1, 1, 1, 0, 0, 0, 0);
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

const NANOS_PER_TICK: i32 = 100;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The first and the last nanosecond after [`EPOCH`] that a `google.protobuf.Timestamp` can hold.
const FIRST: i128 = -62_135_596_800 * NANOS_PER_SECOND;
const LAST: i128 = 253_402_300_800 * NANOS_PER_SECOND - 1;

// === impl Time ===

impl Time {
    /// The UTC time so many seconds and nanoseconds after 1970-01-01T00:00:00Z, rounded down to 100 ns and brought
    /// into the years 1 to 9999.
    #[must_use]
    pub fn utc(seconds: i64, nanos: i32) -> Self {
        let (seconds, nanos) = saturate(i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanos));
        let since = SignedDuration::new(seconds, nanos - nanos % NANOS_PER_TICK);
        Self {
            civil: EPOCH.saturating_add(since),
            zone: Zone::Offset(0),
        }
    }

    /// Whether this is a time at all, and not the upstream's `0001-01-01`.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.civil != NOT_SET
    }

    /// What the text said of the zone.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Seconds and nanoseconds after 1970-01-01T00:00:00Z, or `None` if the time is not set.
    ///
    /// A time of unspecified zone is read on the clocks of `zone`: one that they showed twice is the first of the
    /// two, one that they skipped is moved on by the gap. The result is always one that a
    /// `google.protobuf.Timestamp` can hold; the nanoseconds count forward and are not negative.
    #[must_use]
    pub fn to_utc(&self, zone: &TimeZone) -> Option<(i64, i32)> {
        if !self.is_set() {
            return None;
        }
        let shown = self.civil.duration_since(EPOCH).as_nanos();
        let instant = match self.zone {
            Zone::Offset(minutes) => shown - i128::from(minutes) * 60 * NANOS_PER_SECOND,
            // The zone has no answer only within a day of the end of jiff's calendar: there the offset is ignored.
            Zone::Unspecified => zone
                .to_ambiguous_timestamp(self.civil)
                .compatible()
                .map_or(shown, Timestamp::as_nanosecond),
        };
        Some(saturate(instant))
    }
}

/// Nanoseconds after the epoch as seconds and nanoseconds of a `google.protobuf.Timestamp`.
fn saturate(nanos: i128) -> (i64, i32) {
    let nanos = nanos.clamp(FIRST, LAST);
    let seconds = nanos.div_euclid(NANOS_PER_SECOND);
    let nanos = nanos.rem_euclid(NANOS_PER_SECOND);
    // Both fit after the clamp.
    (
        i64::try_from(seconds).unwrap_or_default(),
        i32::try_from(nanos).unwrap_or_default(),
    )
}

impl Default for Time {
    fn default() -> Self {
        Self {
            civil: NOT_SET,
            zone: Zone::Unspecified,
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

/// As the upstream writes it, so that a midnight loses its zone.
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-11-23T14:03:07Z")
    }

    /// An empty text is a time that is not set: a member without a value looks so.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        if text.is_empty() {
            return Ok(Time::default());
        }
        text.parse()
            .map_err(|ParseTimeError| E::invalid_value(Unexpected::Other("text"), &self))
    }
}

// === impl ParseTimeError ===

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time as the upstream writes it")
    }
}

impl std::error::Error for ParseTimeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc_of(text: &str, zone: &str) -> Option<(i64, i32)> {
        let zone = TimeZone::get(zone).expect("a zone of the bundled database");
        text.parse::<Time>().expect("a time").to_utc(&zone)
    }

    #[test]
    fn an_offset_is_taken_off() {
        assert_eq!(
            utc_of("2026-11-23T14:05:00.1230000-05:00", "UTC"),
            Some((1_795_460_700, 123_000_000))
        );
        assert_eq!(
            utc_of("2026-11-23T14:03:07Z", "America/New_York"),
            Some((1_795_442_587, 0))
        );
    }

    #[test]
    fn an_unspecified_time_is_read_in_the_zone() {
        assert_eq!(utc_of("2026-11-23", "UTC"), Some((1_795_392_000, 0)));
        assert_eq!(utc_of("2026-11-23", "Europe/Helsinki"), Some((1_795_384_800, 0)));
    }

    #[test]
    fn clocks_that_change_move_on_and_repeat_the_first() {
        // 02:30 on 2026-03-08 is skipped in New York, 01:30 on 2026-11-01 comes twice.
        assert_eq!(
            utc_of("2026-03-08T02:30:00", "America/New_York"),
            utc_of("2026-03-08T03:30:00-04:00", "UTC")
        );
        assert_eq!(
            utc_of("2026-11-01T01:30:00", "America/New_York"),
            utc_of("2026-11-01T01:30:00-04:00", "UTC")
        );
    }

    #[test]
    fn not_set_is_no_instant() {
        assert!(!Time::default().is_set());
        assert_eq!(utc_of("0001-01-01", "America/New_York"), None);
        assert_eq!(utc_of("0001-01-01T00:00:00.0000000+00:00", "UTC"), None);
    }

    #[test]
    fn instants_stay_in_the_range_of_a_timestamp() {
        assert_eq!(
            utc_of("0001-01-01T00:00:01+14:00", "UTC"),
            Some((-62_135_596_800, 0))
        );
        assert_eq!(
            utc_of("9999-12-31T23:59:59-14:00", "UTC"),
            Some((253_402_300_799, 999_999_999))
        );
        assert_eq!(
            utc_of("9999-12-31T23:59:59.9999999", "UTC"),
            Some((253_402_300_799, 999_999_900))
        );
        assert_eq!(Time::utc(i64::MAX, 0).to_string(), "9999-12-31T23:59:59.9999999Z");
        assert_eq!(
            Time::utc(i64::MIN, i32::MIN),
            Time {
                zone: Zone::Offset(0),
                ..Time::default()
            }
        );
    }

    #[test]
    fn an_instant_comes_back_to_the_tick() {
        assert_eq!(
            Time::utc(-1, 999_999_999).to_utc(&TimeZone::UTC),
            Some((-1, 999_999_900))
        );
        assert_eq!(
            Time::utc(1_795_442_587, 120).to_utc(&TimeZone::UTC),
            Some((1_795_442_587, 100))
        );
    }
}
