//! The state of an extension as rows of an answer.

use super::directory::Record;
use crate::wire::{ActiveCall, ExtensionStatus};

/// The members that every answer with statuses fills.
pub(super) fn idle(customer: i32, record: &Record) -> ExtensionStatus {
    let extension = &record.extension;
    ExtensionStatus {
        i_c_ext: extension.i_c_ext,
        id: extension.id.clone(),
        name: extension.name.clone(),
        i_account: extension.i_account,
        account_id: extension.account_id.clone(),
        i_customer: customer,
        ..ExtensionStatus::default()
    }
}

/// The status with what the active calls add. The recorded server does not tell the parties of a call, the living world
/// does.
pub(super) fn busy(
    status: ExtensionStatus,
    record: &Record,
    legs: &[&ActiveCall],
    parties: bool,
) -> ExtensionStatus {
    /// What one call of a usual codec takes, kilobits a second.
    const THROUGHPUT: f64 = 87.2;

    let call_count = i32::try_from(legs.len()).unwrap_or(i32::MAX);
    let party = legs.first().filter(|_| parties);
    ExtensionStatus {
        first_name: record.extension.first_name.clone(),
        last_name: record.extension.last_name.clone(),
        call_count,
        active_call: call_count > 0,
        net_throughput: if parties {
            THROUGHPUT * f64::from(call_count)
        } else {
            0.0
        },
        call_i_account: legs.first().map_or(0, |call| call.i_account),
        email: record.email.clone(),
        cli: party.and_then(|call| call.cli.clone()),
        cld: party.and_then(|call| call.cld.clone()),
        profile_url: record.profile_url.clone(),
        ..status
    }
}
