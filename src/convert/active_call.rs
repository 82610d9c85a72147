//! Live calls.

use jiff::tz::TimeZone;

use super::key::Keys;
use super::to_timestamp;
use crate::{proto::v1, wire};

/// The legs of one answer in the contract's words, each with its key. Times without a zone are read in `zone`.
#[must_use]
pub fn to_active_calls(calls: Vec<wire::ActiveCall>, zone: &TimeZone) -> Vec<v1::ActiveCall> {
    let mut legs = Legs::of_one_answer(zone);
    calls.into_iter().map(|call| legs.next(call)).collect()
}

/// The same for legs that come one after another, in the order of their answer.
#[derive(Debug)]
pub struct Legs<'z> {
    keys: Keys,
    zone: &'z TimeZone,
}

impl<'z> Legs<'z> {
    /// Before the first leg of an answer.
    #[must_use]
    pub fn of_one_answer(zone: &'z TimeZone) -> Self {
        let keys = Keys::default();
        Self { keys, zone }
    }

    /// The next leg.
    pub fn next(&mut self, call: wire::ActiveCall) -> v1::ActiveCall {
        let key = self.keys.next(&call);
        to_active_call(call, key, self.zone)
    }
}

fn to_active_call(call: wire::ActiveCall, key: String, zone: &TimeZone) -> v1::ActiveCall {
    let wire::ActiveCall {
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
    } = call;
    v1::ActiveCall {
        i_env: i_env.into(),
        cli: cli.unwrap_or_default(),
        cld: cld.unwrap_or_default(),
        account_id: account_id.unwrap_or_default(),
        connect_time: to_timestamp(connect_time, zone),
        disconnect_time: to_timestamp(disconnect_time, zone),
        i_customer: i_customer.into(),
        call_id: call_id.unwrap_or_default(),
        i_account: i_account.into(),
        call_count: call_count.into(),
        duration_mins: duration_mins.unwrap_or_default(),
        call_type: call_type.unwrap_or_default(),
        vendor_id: vendor_id.into(),
        vendor_name: vendor_name.unwrap_or_default(),
        connection_name: connection_name.unwrap_or_default(),
        i_connection: i_connection.into(),
        gateway_id: gateway_id.unwrap_or_default(),
        i_dial_rule_cld: i_dial_rule_cld.into(),
        tr_rule_to_local: tr_rule_to_local.unwrap_or_default(),
        product: product.unwrap_or_default(),
        note: note.unwrap_or_default(),
        subscriber_first_name: subscriber_first_name.unwrap_or_default(),
        subscriber_last_name: subscriber_last_name.unwrap_or_default(),
        extension_number: extension_number.unwrap_or_default(),
        key,
    }
}
