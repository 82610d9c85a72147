//! The state of the server that was recorded: what the recordings answer, to the byte.

use std::collections::BTreeMap;

use super::directory::{Directory, Record};
use super::refusal::Refusal;
use crate::wire::{ActiveCall, Extension, Time};

/// The customer for whom the service returns nothing at all.
pub(super) const NULL_CUSTOMER: i32 = 90204;

/// What the service throws for customers that exist to be refused.
pub(super) fn thrown(customer: i32) -> Option<Refusal> {
    Some(match customer {
        90400 => Refusal::new(400, "ArgumentException", "bad, \"argument\""),
        90401 => Refusal::titled(401, "license rejected"),
        90403 => Refusal::new(403, "Forbidden", "nope"),
        90404 => Refusal::titled(404, "no such customer"),
        90409 => Refusal::titled(409, "exists"),
        90498 => Refusal::new(500, "FormatException", "fmt"),
        90499 => Refusal::new(403, "UnauthorizedAccessException", "uae"),
        90500 => Refusal::new(500, "Exception", "boom"),
        90501 => Refusal::new(405, "NotImplementedException", "todo"),
        90503 => Refusal::new(503, "Busy", "try later"),
        _ => return None,
    })
}

/// The extensions at start: three of customer 1.
pub(super) fn directory() -> Directory {
    let reception = Extension {
        note: some("front desk, ground floor"),
        product_name: some("PBX Gold"),
        phone_number: some("15551230101"),
        ..extension(1001, "101", "Reception", 7001, ["15551230101", "Ada", "Lovelace"])
    };
    let sales = extension(1002, "102", "Sales", 7002, ["15551230102", "Grace", "Hopper"]);
    let voicemail = Extension {
        i_c_ext: 1003,
        id: some("*98"),
        name: some("Voice \"mail\", {all}"),
        note: some(""),
        product_name: some(""),
        phone_number: some(""),
        ..Extension::default()
    };
    let records = vec![
        reachable(reception),
        reachable(sales),
        Record {
            extension: voicemail,
            ..Record::default()
        },
    ];
    Directory::new(BTreeMap::from([(1, records)]))
}

/// The two live calls of customer 1.
pub(super) fn calls() -> Vec<ActiveCall> {
    let incoming = ActiveCall {
        i_env: 3,
        cli: some("15557654321"),
        cld: some("15551230101"),
        account_id: some("15551230101"),
        connect_time: time("2026-11-23T14:03:07Z"),
        i_customer: 1,
        call_id: some("a84b4c76e66710@pbx.example.com"),
        i_account: 7001,
        call_count: 1,
        duration_mins: some("2.35"),
        call_type: some("Incoming"),
        vendor_id: 12,
        vendor_name: some("Carrier, Inc."),
        connection_name: some("SIP trunk [east]"),
        i_connection: 44,
        gateway_id: some("gw-1"),
        i_dial_rule_cld: 9,
        tr_rule_to_local: some("s/^1//"),
        product: some("PBX Gold"),
        note: some("line1\r\nline2"),
        subscriber_first_name: some("Ada"),
        subscriber_last_name: some("Lovelace"),
        extension_number: some("101"),
        ..ActiveCall::default()
    };
    let outgoing = ActiveCall {
        i_env: 3,
        cli: some("anonymous"),
        cld: some("442071838750"),
        account_id: some("15551230102"),
        connect_time: time("2026-11-23T14:05:00.1230000-05:00"),
        i_customer: 1,
        call_id: some("b1"),
        i_account: 7002,
        call_count: 2,
        duration_mins: some(""),
        call_type: some("Outgoing"),
        subscriber_first_name: some("José \"Pepe\""),
        subscriber_last_name: some("Núñez 😀"),
        extension_number: some("102"),
        ..ActiveCall::default()
    };
    vec![incoming, outgoing]
}

fn extension(i_c_ext: i32, id: &str, name: &str, i_account: i32, account: [&str; 3]) -> Extension {
    let [account_id, first_name, last_name] = account;
    Extension {
        i_c_ext,
        id: some(id),
        name: some(name),
        i_account,
        account_id: some(account_id),
        first_name: some(first_name),
        last_name: some(last_name),
        ..Extension::default()
    }
}

/// A record of an extension with an account: it has a mailbox and a page.
fn reachable(extension: Extension) -> Record {
    Record {
        email: extension.id.as_ref().map(|id| format!("ext{id}@example.com")),
        profile_url: Some(format!(
            "https://portal.example.com/p/{}?a=1&b={{x}}",
            extension.i_c_ext
        )),
        extension,
        ..Record::default()
    }
}

/// A time of the recordings. The tests that replay them fail if one falls back to "not set".
fn time(written: &str) -> Time {
    written.parse().unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "the wire's texts are optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
