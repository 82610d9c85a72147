//! How messages of the contract are written as JSON: by its names, every field always, times as text.
//!
//! This is for programs that read Portico's output, and not the JSON mapping of Protocol Buffers, which has other names,
//! leaves out what is empty and writes 64-bit numbers as text. `build.rs` derives it and names [`time`] for the times.

use std::time::SystemTime;

use serde::{Serialize as _, Serializer};

/// A time as RFC 3339 has it, in UTC and to the millisecond; `None` past the end of its calendar.
pub(crate) fn rfc3339(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    Some(format!("{time:.3}"))
}

/// Writes a field that is a time: as text, or as null if it is not set or past the calendar.
#[allow(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(crate) fn time<S: Serializer>(
    time: &Option<prost_types::Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let time = time.and_then(|time| SystemTime::try_from(time).ok());
    time.and_then(rfc3339).serialize(serializer)
}
