//! Times.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use prost_types::Timestamp;

use crate::wire::Time;

/// The time as a timestamp; `None` for the upstream's "not set". A time without a zone is read in `zone`.
#[must_use]
pub fn to_timestamp(time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let (seconds, nanos) = time.to_utc(zone)?;
    Some(Timestamp { seconds, nanos })
}

/// This moment by the gateway's clock.
#[must_use]
pub fn now() -> Timestamp {
    SystemTime::now().into()
}
