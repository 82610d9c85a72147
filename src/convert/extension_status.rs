//! The state of extensions.

use crate::{proto::v1, wire};

/// The state of an extension in the contract's words.
#[must_use]
pub fn to_extension_status(status: wire::ExtensionStatus) -> v1::ExtensionStatus {
    let wire::ExtensionStatus {
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
    v1::ExtensionStatus {
        i_c_ext: i_c_ext.into(),
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        i_account: i_account.into(),
        account_id: account_id.unwrap_or_default(),
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.unwrap_or_default(),
        call_count: call_count.into(),
        active_call,
        net_throughput,
        note: note.unwrap_or_default(),
        site_name: site_name.unwrap_or_default(),
        i_customer_site: i_customer_site.into(),
        call_i_account: call_i_account.into(),
        email: email.unwrap_or_default(),
        cld: cld.unwrap_or_default(),
        cli: cli.unwrap_or_default(),
        default_valid_identity: default_valid_identity.unwrap_or_default(),
        call_to_join,
        account_to_join: account_to_join.unwrap_or_default(),
        i_customer: i_customer.into(),
        not_in_group,
        profile_url: profile_url.unwrap_or_default(),
    }
}
