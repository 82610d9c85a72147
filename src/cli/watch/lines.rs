//! An update as lines for people.
//!
//! ```text
//!   = 5 calls
//!   + started  101    Incoming   +15550100 → 101    since 12:03:04
//!   ~ updated  …
//!   - ended    …                                    after 1:23
//!   ! stale: last seen 14 s ago
//! ```

use std::fmt::Write as _;

use super::text::{clean, fit};
use super::words::{self, Now, clock, talking_for, time_of_day};
use crate::client::{Change, Freshness, Update};
use crate::proto::v1::ActiveCall;

/// The lines of an update. That the gateway is away or back is told on standard error.
pub(super) fn of_update(update: &Update) -> String {
    let now = Now::read();
    let mut lines = String::new();
    for change in &update.changes {
        let line = match change {
            Change::Reset(_) => {
                let count = update.state.calls().map_or(0, |set| set.calls().len());
                format!("= {count} calls")
            }
            Change::Started(call) => format!("+ started  {}", of_call(call)),
            Change::Updated { after, .. } => format!("~ updated  {}", of_call(after)),
            Change::Ended(call) => match talking_for(call, now) {
                Some(talked) => format!("- ended    {} after {}", of_call(call), clock(talked)),
                None => format!("- ended    {} unanswered", of_call(call)),
            },
            Change::Freshness(freshness) if !matches!(freshness, Freshness::Away(_)) => {
                format!("! {}", words::freshness(freshness, now))
            }
            _ => continue,
        };
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{line}");
    }
    lines
}

fn of_call(call: &ActiveCall) -> String {
    let since = match words::connected_at(call) {
        Some(at) => format!("since {}", time_of_day(at)),
        None => "ringing".to_owned(),
    };
    let (cli, cld) = (clean(&call.cli), clean(&call.cld));
    let (extension, kind) = (fit(&call.extension_number, 6), fit(&call.call_type, 10));
    format!("{extension} {kind} {cli} → {cld}  {since}")
}
