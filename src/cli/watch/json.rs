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
//! Every object has `at`, the time here. Calls and statuses have the contract's fields by its names, all of them
//! always; times are RFC 3339 in UTC, or null. Members may be added, none goes.

use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::is_invisible;
use super::words::Now;
use crate::client::{Change, Freshness, Trouble, Update};
use crate::proto::v1::{ActiveCall, ExtensionStatus};

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
            Change::Started(call) => json!({"type": "started", "call": of_call(call)}),
            Change::Updated { before, after } => {
                json!({"type": "updated", "call": of_call(after), "before": of_call(before)})
            }
            Change::Ended(call) => json!({"type": "ended", "call": of_call(call)}),
            Change::Status { after, .. } => json!({"type": "status", "extension_status": of_status(after)}),
            Change::StatusRemoved(status) => {
                json!({"type": "status_removed", "extension_status": of_status(status)})
            }
            Change::Freshness(freshness) => of_freshness(freshness, now),
        };
        object["at"] = of_time(Some(now.wall));
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
        "since": of_time(since),
        "last_good_at": of_time(trouble.last_good_at),
        "cause": cause,
        "retry_in_seconds": retry.map(|wait| wait.as_secs_f64()),
    })
}

fn of_time(time: Option<SystemTime>) -> Value {
    let time = time.and_then(|time| Timestamp::try_from(time).ok());
    time.map_or(Value::Null, |time| Value::String(format!("{time:.3}")))
}

fn of_timestamp(time: Option<prost_types::Timestamp>) -> Value {
    of_time(time.and_then(|time| SystemTime::try_from(time).ok()))
}

fn of_call(call: &ActiveCall) -> Value {
    // Taken apart, so that a field that is added is not forgotten.
    let ActiveCall {
        i_env,
        cli,
        cld,
        account_id,
        connect_time,
        disconnect_time,
        i_customer,
        call_id,
        i_account,
        call_count,
        duration_mins,
        call_type,
        vendor_id,
        vendor_name,
        connection_name,
        i_connection,
        gateway_id,
        i_dial_rule_cld,
        tr_rule_to_local,
        product,
        note,
        subscriber_first_name,
        subscriber_last_name,
        extension_number,
        key,
    } = call;
    json!({
        "i_env": i_env,
        "cli": cli,
        "cld": cld,
        "account_id": account_id,
        "connect_time": of_timestamp(*connect_time),
        "disconnect_time": of_timestamp(*disconnect_time),
        "i_customer": i_customer,
        "call_id": call_id,
        "i_account": i_account,
        "call_count": call_count,
        "duration_mins": duration_mins,
        "call_type": call_type,
        "vendor_id": vendor_id,
        "vendor_name": vendor_name,
        "connection_name": connection_name,
        "i_connection": i_connection,
        "gateway_id": gateway_id,
        "i_dial_rule_cld": i_dial_rule_cld,
        "tr_rule_to_local": tr_rule_to_local,
        "product": product,
        "note": note,
        "subscriber_first_name": subscriber_first_name,
        "subscriber_last_name": subscriber_last_name,
        "extension_number": extension_number,
        "key": key,
    })
}

fn of_status(status: &ExtensionStatus) -> Value {
    // Taken apart, so that a field that is added is not forgotten.
    let ExtensionStatus {
        i_c_ext,
        id,
        name,
        i_account,
        account_id,
        first_name,
        last_name,
        call_count,
        active_call,
        net_throughput,
        note,
        site_name,
        i_customer_site,
        call_i_account,
        email,
        cld,
        cli,
        default_valid_identity,
        call_to_join,
        account_to_join,
        i_customer,
        not_in_group,
        profile_url,
    } = status;
    json!({
        "i_c_ext": i_c_ext,
        "id": id,
        "name": name,
        "i_account": i_account,
        "account_id": account_id,
        "first_name": first_name,
        "last_name": last_name,
        "call_count": call_count,
        "active_call": active_call,
        "net_throughput": net_throughput,
        "note": note,
        "site_name": site_name,
        "i_customer_site": i_customer_site,
        "call_i_account": call_i_account,
        "email": email,
        "cld": cld,
        "cli": cli,
        "default_valid_identity": default_valid_identity,
        "call_to_join": call_to_join,
        "account_to_join": account_to_join,
        "i_customer": i_customer,
        "not_in_group": not_in_group,
        "profile_url": profile_url,
    })
}

#[cfg(test)]
mod tests;
