//! Programs read these lines, so what is there must not change.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::*;

use crate::proto::v1::{ActiveCall, ExtensionStatus, snapshot};

/// 12:30:15.25 on 14 March 2026, in UTC.
const WALL: Duration = Duration::from_millis(1_773_491_415_250);

/// The lines of `changes`, at [`WALL`].
fn lines(changes: &[Change]) -> String {
    let now = Now {
        wall: SystemTime::UNIX_EPOCH + WALL,
        instant: Instant::now(),
    };
    of_changes(changes, 7, now)
}

/// A call with a value of its own in every field.
fn call() -> Arc<ActiveCall> {
    let text = str::to_owned;
    Arc::new(ActiveCall {
        i_env: 3,
        cli: text("+15550100"),
        cld: text("0044123"),
        account_id: text("1555010 \"a\""),
        connect_time: Some((SystemTime::UNIX_EPOCH + WALL).into()),
        disconnect_time: None,
        i_customer: 9_007_199_254_740_993,
        call_id: text("6f1e-4f9c@pbx.example.com"),
        i_account: 7,
        call_count: 2,
        duration_mins: text("1:05"),
        call_type: text("Incoming"),
        vendor_id: 17,
        vendor_name: text("Carrier"),
        connection_name: text("Carrier, Frankfurt 2"),
        i_connection: 311,
        gateway_id: text("fra2-sbc-07"),
        i_dial_rule_cld: -1,
        tr_rule_to_local: text("s/^00/+/"),
        product: text("PBX Gold"),
        note: text("2nd\nfloor \u{1b}[0m\u{202e}"),
        subscriber_first_name: text("José"),
        subscriber_last_name: text("Núñez"),
        extension_number: text("101"),
        key: text("k-1"),
    })
}

/// A status with a value of its own in every field.
fn status() -> Arc<ExtensionStatus> {
    let text = str::to_owned;
    Arc::new(ExtensionStatus {
        i_c_ext: 1_001,
        id: text("101"),
        name: text("Front desk"),
        i_account: 70_001,
        account_id: text("15550101"),
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        call_count: 1,
        active_call: true,
        net_throughput: 12.5,
        note: text("north"),
        site_name: text("Head office"),
        i_customer_site: 4,
        call_i_account: 70_002,
        email: text("ada@example.com"),
        cld: text("+15550102"),
        cli: text("+15550103"),
        default_valid_identity: text("15550104"),
        call_to_join: true,
        account_to_join: text("15550105"),
        i_customer: 1,
        not_in_group: true,
        profile_url: text("https://portal.example.com/1"),
    })
}

#[test]
fn every_line_is_what_it_has_been() {
    let healthy = Freshness::Live;
    let stale = Freshness::Stale(Trouble::default());
    let changes = [
        Change::Reset(snapshot::Reason::Initial),
        Change::Started(call()),
        Change::Updated {
            before: call(),
            after: Arc::default(),
        },
        Change::Ended(Arc::default()),
        Change::Status {
            before: None,
            after: status(),
        },
        Change::StatusRemoved(Arc::default()),
        Change::Freshness(healthy),
        Change::Freshness(stale),
    ];
    assert_eq!(lines(&changes), include_str!("golden.jsonl"));
}

#[test]
fn a_time_before_1970_or_past_the_calendar_is_written_or_null() {
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let odd = ActiveCall {
        connect_time: time(-1),
        disconnect_time: time(i64::MAX),
        ..ActiveCall::default()
    };
    let line = lines(&[Change::Started(Arc::new(odd))]);
    assert!(
        line.contains(r#""connect_time":"1969-12-31T23:59:59.000Z""#),
        "{line}"
    );
    assert!(line.contains(r#""disconnect_time":null"#), "{line}");
}
