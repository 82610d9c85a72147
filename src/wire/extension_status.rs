//! The state of an extension: registered or not, in a call or not.

use serde::{Deserialize, Serialize};

/// The state of one extension, in the order of the upstream's members.
///
/// A text is `None` where the member was left out (the upstream's null).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(
    missing_docs,
    reason = "the names are the upstream's; the proto documents each"
)]
pub struct ExtensionStatus {
    pub i_c_ext: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub i_account: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "firstname", skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(rename = "lastname", skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(rename = "noofcalls")]
    pub call_count: i32,
    #[serde(rename = "activecall")]
    pub active_call: bool,
    #[serde(rename = "NetThroughput")]
    pub net_throughput: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(rename = "SiteName", skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    pub i_customer_site: i32,
    /// The account of the call, which is not the extension's `i_account`.
    #[serde(rename = "IAccount")]
    pub call_i_account: i32,
    #[serde(rename = "Email", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(rename = "CLD", skip_serializing_if = "Option::is_none")]
    pub cld: Option<String>,
    #[serde(rename = "CLI", skip_serializing_if = "Option::is_none")]
    pub cli: Option<String>,
    #[serde(rename = "DefaultValidIdentity", skip_serializing_if = "Option::is_none")]
    pub default_valid_identity: Option<String>,
    #[serde(rename = "callToJoin")]
    pub call_to_join: bool,
    #[serde(rename = "accountToJoin", skip_serializing_if = "Option::is_none")]
    pub account_to_join: Option<String>,
    pub i_customer: i32,
    #[serde(rename = "notInGroup")]
    pub not_in_group: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
}
