//! An update as JSON for programs: one object a line, one for each change.
//!
//! | `type` | other members |
//! | --- | --- |
//! | `reset` | `reason`, `calls` (how many): the whole state was told anew; what differs follows |
//! | `started` | `call` |
//! | `updated` | `call`, `before` |
//! | `ended` | `call`, as last seen |
//! | `status`, `status_removed` | `extension_status` |
//! | `freshness` | `freshness` (`live`, `stale`, `down`, `away`), `since`, `last_good_at`, `cause`, `retry_in_seconds` |
//!
//! Every object has `at`, the time by the clock of this machine. Calls and statuses always have all fields of the
//! contract, by its names; times are RFC 3339 in UTC, or null. Members may be added; none is removed.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::text::is_invisible;
use super::words::Now;
use crate::client::{Change, Freshness, Trouble, Update};
use crate::proto::json::rfc3339;

/// The lines of an update.
pub(super) fn of_update(update: &Update) -> String {
    let count = update.state.calls().map_or(0, |set| set.calls().len());
    of_changes(&update.changes, count, Now::read())
}

/// The lines of changes that lead to a set of `count` calls.
fn of_changes(changes: &[Change], count: usize, now: Now) -> String {
    let mut lines = String::new();
    for change in changes {
        let mut object = match change {
            Change::Reset(reason) => {
                let name = reason.as_str_name().trim_start_matches("REASON_");
                json!({"type": "reset", "reason": name.to_lowercase(), "calls": count})
            }
            Change::Started(call) => json!({"type": "started", "call": call.as_ref()}),
            Change::Updated { before, after } => {
                json!({"type": "updated", "call": after.as_ref(), "before": before.as_ref()})
            }
            Change::Ended(call) => json!({"type": "ended", "call": call.as_ref()}),
            Change::Status { after, .. } => json!({"type": "status", "extension_status": after.as_ref()}),
            Change::StatusRemoved(status) => {
                json!({"type": "status_removed", "extension_status": status.as_ref()})
            }
            Change::Freshness(freshness) => of_freshness(freshness, now),
        };
        object["at"] = rfc3339(now.wall).into();
        escape(&object.to_string(), &mut lines);
        lines.push('\n');
    }
    lines
}

/// Escapes what JSON leaves as it is but a terminal would obey. All of it is within strings.
fn escape(json: &str, out: &mut String) {
    for char in json.chars() {
        if char.is_control() || is_invisible(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(char);
        }
    }
}

fn of_freshness(freshness: &Freshness, now: Now) -> Value {
    let healthy = Trouble::default();
    let (since, cause, retry, trouble) = match freshness {
        Freshness::Away(away) => {
            let retry = away.retry_at.map(|at| at.saturating_duration_since(now.instant));
            (Some(away.since), Some(away.cause.to_string()), retry, &healthy)
        }
        Freshness::Stale(trouble) | Freshness::Down(trouble) => {
            let cause = trouble.cause.as_ref().map(|(_, text)| text.clone());
            (trouble.since, cause, trouble.next_poll_in, trouble)
        }
        _ => (None, None, None, &healthy),
    };
    json!({
        "type": "freshness",
        "freshness": freshness.name(),
        "since": since.and_then(rfc3339),
        "last_good_at": trouble.last_good_at.and_then(rfc3339),
        "cause": cause,
        "retry_in_seconds": retry.map(|wait| wait.as_secs_f64()),
    })
}

#[cfg(test)]
mod tests;
