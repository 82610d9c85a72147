//! What the upstream says at one moment, as its body and as what a client must come to hold.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::tz::TimeZone;
use portico::codec::csv;
use portico::convert::{to_active_calls, to_extension_status};
use portico::proto::v1;
use portico::wire::{ActiveCall, Answer, ExtensionStatus};

/// The rows of one answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scene {
    pub(crate) calls: Vec<ActiveCall>,
    pub(crate) statuses: Vec<ExtensionStatus>,
}

/// The set that a client holds, or must hold. Calls without their duration: it moves and is not a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) calls: BTreeMap<String, v1::ActiveCall>,
    pub(crate) statuses: BTreeMap<i64, v1::ExtensionStatus>,
}

impl Scene {
    /// As many calls as asked for, one extension each.
    pub(crate) fn of(calls: i32) -> Self {
        Self {
            calls: (0..calls).map(|id| call(id, "a call")).collect(),
            statuses: (0..calls).map(status).collect(),
        }
    }

    /// The same with rows that name this customer.
    pub(crate) fn of_customer(mut self, i_customer: i32) -> Self {
        self.calls
            .iter_mut()
            .for_each(|call| call.i_customer = i_customer);
        self.statuses
            .iter_mut()
            .for_each(|status| status.i_customer = i_customer);
        self
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Bytes {
        let answer = Answer {
            calls: Some(self.calls.clone()),
            extension_statuses: Some(self.statuses.clone()),
            license: Some("an echo".to_owned()),
            ..Answer::default()
        };
        csv::one_to_vec(&answer, csv::Style::V3)
            .expect("an answer can be written")
            .into()
    }

    pub(crate) fn told(&self) -> Told {
        let calls = to_active_calls(self.calls.clone(), &TimeZone::UTC).into_iter();
        let statuses = self.statuses.iter().cloned().map(to_extension_status);
        Told {
            calls: calls.map(timeless).map(|call| (call.key.clone(), call)).collect(),
            statuses: statuses.map(|status| (status.i_c_ext, status)).collect(),
        }
    }
}

/// A call without what moves by itself.
pub(crate) fn timeless(mut call: v1::ActiveCall) -> v1::ActiveCall {
    call.duration_mins.clear();
    call
}

pub(crate) fn call(id: i32, note: &str) -> ActiveCall {
    ActiveCall {
        cli: Some(format!("+1555{id:07}")),
        cld: Some("*98".to_owned()),
        call_id: Some(format!("{id}@pbx.example.com")),
        i_account: 7000 + id,
        duration_mins: Some("0.1".to_owned()),
        note: Some(note.to_owned()),
        ..ActiveCall::default()
    }
}

pub(crate) fn status(id: i32) -> ExtensionStatus {
    ExtensionStatus {
        i_c_ext: 1000 + id,
        id: Some(id.to_string()),
        name: Some("Front desk, \"A\"".to_owned()),
        ..ExtensionStatus::default()
    }
}
