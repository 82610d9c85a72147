//! The upstream's times as it writes them: with an offset, in UTC, or with their zone lost.
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time as written. The default is `0001-01-01`, the upstream's "not set".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Time {
    /// Seconds of the civil (wall clock) time since 1970-01-01T00:00:00 of the same clock.
    civil_seconds: i64,
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

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("0001-01-01")
    }
}
impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self::default())
    }
}
