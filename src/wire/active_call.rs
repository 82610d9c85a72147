//! One leg of a live call.

use serde::{Deserialize, Serialize};

use super::Time;

/// One leg of a live call, in the order of the upstream's members.
///
/// A text is `None` where the member was left out (the upstream's null).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(
    missing_docs,
    reason = "the names are the upstream's; the proto documents each"
)]
pub struct ActiveCall {
    #[serde(rename = "IEnv")]
    pub i_env: i32,
    #[serde(rename = "CLI", skip_serializing_if = "Option::is_none")]
    pub cli: Option<String>,
    #[serde(rename = "CLD", skip_serializing_if = "Option::is_none")]
    pub cld: Option<String>,
    #[serde(rename = "AccountID", skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "Connect_time")]
    pub connect_time: Time,
    #[serde(rename = "Disconnect_time")]
    pub disconnect_time: Time,
    #[serde(rename = "ICustomer")]
    pub i_customer: i32,
    #[serde(rename = "CallId", skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    #[serde(rename = "IAccount")]
    pub i_account: i32,
    #[serde(rename = "noofcalls")]
    pub call_count: i32,
    #[serde(rename = "DurationMins", skip_serializing_if = "Option::is_none")]
    pub duration_mins: Option<String>,
    #[serde(rename = "CallType", skip_serializing_if = "Option::is_none")]
    pub call_type: Option<String>,
    #[serde(rename = "VendorId")]
    pub vendor_id: i32,
    #[serde(rename = "VendorName", skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    #[serde(rename = "ConnectionName", skip_serializing_if = "Option::is_none")]
    pub connection_name: Option<String>,
    #[serde(rename = "IConnection")]
    pub i_connection: i32,
    #[serde(rename = "GatewayId", skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
    #[serde(rename = "IDialRuleCld")]
    pub i_dial_rule_cld: i32,
    #[serde(rename = "TrRuletoLocal", skip_serializing_if = "Option::is_none")]
    pub tr_rule_to_local: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(rename = "Note", skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(rename = "SubscriberFName", skip_serializing_if = "Option::is_none")]
    pub subscriber_first_name: Option<String>,
    #[serde(rename = "SubscriberLName", skip_serializing_if = "Option::is_none")]
    pub subscriber_last_name: Option<String>,
    #[serde(rename = "ExtensionNumber", skip_serializing_if = "Option::is_none")]
    pub extension_number: Option<String>,
}
