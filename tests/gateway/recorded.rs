//! What the recorded server knows of customer 1, in the contract's words.

use portico::proto::v1::{ActiveCall, Extension, ExtensionStatus};
use prost_types::Timestamp;

/// The extensions of customer 1, as recorded.
pub(crate) fn extensions() -> Vec<Extension> {
    let reception = Extension {
        i_c_ext: 1001,
        id: "101".into(),
        name: "Reception".into(),
        i_account: 7001,
        account_id: "15551230101".into(),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        note: "front desk, ground floor".into(),
        product_name: "PBX Gold".into(),
        phone_number: "15551230101".into(),
    };
    let sales = Extension {
        i_c_ext: 1002,
        id: "102".into(),
        name: "Sales".into(),
        i_account: 7002,
        account_id: "15551230102".into(),
        first_name: "Grace".into(),
        last_name: "Hopper".into(),
        ..Extension::default()
    };
    let voicemail = Extension {
        i_c_ext: 1003,
        id: "*98".into(),
        name: "Voice \"mail\", {all}".into(),
        ..Extension::default()
    };
    vec![reception, sales, voicemail]
}

/// The live calls of customer 1, as recorded, without their keys.
pub(crate) fn calls() -> Vec<ActiveCall> {
    let incoming = ActiveCall {
        i_env: 3,
        cli: "15557654321".into(),
        cld: "15551230101".into(),
        account_id: "15551230101".into(),
        // 2026-11-23T14:03:07Z
        connect_time: Some(Timestamp {
            seconds: 1_795_442_587,
            nanos: 0,
        }),
        disconnect_time: None,
        i_customer: 1,
        call_id: "a84b4c76e66710@pbx.example.com".into(),
        i_account: 7001,
        call_count: 1,
        duration_mins: "2.35".into(),
        call_type: "Incoming".into(),
        vendor_id: 12,
        vendor_name: "Carrier, Inc.".into(),
        connection_name: "SIP trunk [east]".into(),
        i_connection: 44,
        gateway_id: "gw-1".into(),
        i_dial_rule_cld: 9,
        tr_rule_to_local: "s/^1//".into(),
        product: "PBX Gold".into(),
        note: "line1\r\nline2".into(),
        subscriber_first_name: "Ada".into(),
        subscriber_last_name: "Lovelace".into(),
        extension_number: "101".into(),
        key: String::new(),
    };
    let outgoing = ActiveCall {
        i_env: 3,
        cli: "anonymous".into(),
        cld: "442071838750".into(),
        account_id: "15551230102".into(),
        // 2026-11-23T14:05:00.123-05:00
        connect_time: Some(Timestamp {
            seconds: 1_795_460_700,
            nanos: 123_000_000,
        }),
        i_customer: 1,
        call_id: "b1".into(),
        i_account: 7002,
        call_count: 2,
        call_type: "Outgoing".into(),
        subscriber_first_name: "José \"Pepe\"".into(),
        subscriber_last_name: "Núñez 😀".into(),
        extension_number: "102".into(),
        ..ActiveCall::default()
    };
    vec![incoming, outgoing]
}

/// The state of customer 1's extensions in an answer to `ListOnlineAccounts`.
pub(crate) fn statuses() -> Vec<ExtensionStatus> {
    let status = |extension: Extension| ExtensionStatus {
        i_c_ext: extension.i_c_ext,
        id: extension.id,
        name: extension.name,
        i_account: extension.i_account,
        account_id: extension.account_id,
        i_customer: 1,
        ..ExtensionStatus::default()
    };
    extensions().into_iter().map(status).collect()
}

/// The same in an answer to `GetFilteringData`: with the sites.
pub(crate) fn sited_statuses() -> Vec<ExtensionStatus> {
    let mut statuses = statuses();
    for status in &mut statuses {
        status.site_name.push_str("HQ");
        status.i_customer_site = 1;
    }
    statuses
}

/// The same in an answer with the recorded calls.
pub(crate) fn busy_statuses() -> Vec<ExtensionStatus> {
    let mut statuses = statuses();
    for (status, extension) in statuses.iter_mut().zip(extensions()) {
        status.first_name = extension.first_name;
        status.last_name = extension.last_name;
    }
    for status in &mut statuses[..2] {
        status.call_count = 1;
        status.active_call = true;
        status.call_i_account = status.i_account;
        status.email = format!("ext{}@example.com", status.id);
        status.profile_url = format!("https://portal.example.com/p/{}?a=1&b={{x}}", status.i_c_ext);
    }
    statuses
}
