//! The live calls of a generated world: a discrete-event simulation that is moved on whenever somebody looks.
//!
//! A [`Switchboard`] per customer decides what happens; this file keeps the clock and writes the rows. The history
//! depends on the seed alone: looking often or seldom, at one customer or at all of them, changes nothing in it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

pub use self::params::Params;
use self::switchboard::{Kind, Leg, Switchboard};
use super::directory::Record;
use crate::wire::{ActiveCall, Time};

mod params;
mod switchboard;
mod trunk;

/// How long the simulation has run before anybody can look, so that the first look finds calls in progress.
const WARM_UP: Duration = Duration::from_secs(600);

/// The customers' live calls.
#[derive(Debug)]
pub(super) struct Traffic {
    /// The simulations' time zero, since the Unix epoch.
    origin: Duration,
    customers: BTreeMap<i32, Switchboard>,
}

impl Traffic {
    /// Traffic that began some minutes before `since_epoch`, the wall clock's time at the start.
    pub(super) fn new(since_epoch: Duration) -> Self {
        Self {
            origin: since_epoch.saturating_sub(WARM_UP),
            customers: BTreeMap::new(),
        }
    }

    /// Connects a customer's extensions; those without an account neither call nor are called.
    pub(super) fn connect(&mut self, customer: i32, records: &[Record], params: &Params, rng: ChaCha8Rng) {
        let mut switchboard = Switchboard::new(records, params, rng);
        switchboard.advance(WARM_UP);
        self.customers.insert(customer, switchboard);
    }

    /// Moves a customer's calls on to `elapsed` after the start. Time never runs back.
    pub(super) fn advance(&mut self, customer: i32, elapsed: Duration) {
        if let Some(switchboard) = self.customers.get_mut(&customer) {
            switchboard.advance(WARM_UP.saturating_add(elapsed));
        }
    }

    /// Whether a phone is registered for the extension.
    pub(super) fn registered(&self, customer: i32, i_c_ext: i32) -> bool {
        self.customers
            .get(&customer)
            .is_some_and(|switchboard| switchboard.registered(i_c_ext))
    }

    /// The customer's legs as rows, in the order the calls started, of those extensions that are in `records`.
    pub(super) fn rows(&self, customer: i32, records: &[&Record]) -> Vec<ActiveCall> {
        let Some(switchboard) = self.customers.get(&customer) else {
            return Vec::new();
        };
        let records: HashMap<i32, &Record> = records
            .iter()
            .map(|record| (record.extension.i_c_ext, *record))
            .collect();
        switchboard
            .legs()
            .filter_map(|(call_id, leg)| Some((call_id, leg, *records.get(&leg.i_c_ext)?)))
            .map(|(call_id, leg, record)| ActiveCall {
                i_customer: customer,
                connect_time: leg.connected.map(|at| self.wall_clock(at)).unwrap_or_default(),
                duration_mins: Some(minutes(leg.connected, switchboard.now())),
                ..row(call_id, leg, record)
            })
            .collect()
    }

    /// A time of the simulation, in whole seconds.
    fn wall_clock(&self, at: Duration) -> Time {
        Time::utc(
            i64::try_from(self.origin.saturating_add(at).as_secs()).unwrap_or(i64::MAX),
            0,
        )
    }
}

/// What does not depend on the clock.
fn row(call_id: &str, leg: &Leg, record: &Record) -> ActiveCall {
    let extension = &record.extension;
    let kind = match leg.kind {
        Kind::Incoming => "Incoming",
        Kind::Outgoing => "Outgoing",
        Kind::Internal => "Internal",
        Kind::Forwarded => "Forwarded",
    };
    let trunk = leg.trunk;
    ActiveCall {
        i_env: 3,
        cli: Some(leg.cli.clone()),
        cld: Some(leg.cld.clone()),
        account_id: extension.account_id.clone(),
        call_id: Some(call_id.to_owned()),
        i_account: extension.i_account,
        // A line takes one call at a time.
        call_count: 1,
        call_type: Some(kind.to_owned()),
        vendor_id: trunk.vendor_id,
        vendor_name: trunk.vendor.map(str::to_owned),
        connection_name: Some(trunk.name.to_owned()),
        i_connection: trunk.i_connection,
        gateway_id: Some(trunk.gateway.to_owned()),
        i_dial_rule_cld: trunk.i_dial_rule,
        tr_rule_to_local: trunk.rule.map(str::to_owned),
        product: extension.product_name.clone(),
        note: extension.note.clone(),
        subscriber_first_name: extension.first_name.clone(),
        subscriber_last_name: extension.last_name.clone(),
        extension_number: extension.id.clone(),
        ..ActiveCall::default()
    }
}

/// The minutes a call has been connected, with two decimals.
fn minutes(connected: Option<Duration>, now: Duration) -> String {
    let connected = connected.map_or(Duration::ZERO, |at| now.saturating_sub(at));
    format!("{:.2}", connected.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests;
