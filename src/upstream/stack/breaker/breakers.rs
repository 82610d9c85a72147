//! The breakers by licence, and the exchanges that they have let through.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use tokio::time::Instant;
use tracing::{info, warn};

use super::params::Params;
use super::state::{Breaker, Open, STATES, Ticket, Turned};
use super::verdict::Verdict;
use crate::telemetry::names::{label, metric};
use crate::upstream::{Error, Exchange, Lane, License};

/// The breakers by licence. Clones share them.
#[derive(Clone)]
pub(in crate::upstream::stack) struct Breakers(Arc<Shared>);

struct Shared {
    params: Params,
    // Held for some tens of nanoseconds, and never while anything else is.
    by_license: Mutex<HashMap<License, Breaker>>,
}

/// An exchange that was let through. Dropping it before it has ended gives it up.
#[derive(Debug)]
pub(super) struct Admitted {
    breakers: Breakers,
    license: License,
    lane: Lane,
    ticket: Ticket,
    since: Instant,
    has_ended: bool,
}

// === impl Breakers ===

impl Breakers {
    pub(in crate::upstream::stack) fn new(params: Params) -> Self {
        let by_license = Mutex::default();
        Self(Arc::new(Shared { params, by_license }))
    }

    /// Has `meter` show how many are in which state. There is one of each licence that was used; before that, the one there
    /// will be is closed.
    pub(in crate::upstream::stack) fn show(&self, meter: &Meter) {
        let breakers = self.clone();
        meter
            .u64_observable_gauge(metric::BREAKER_STATE)
            .with_description(
                "Breakers that are in the state: 1 for the state it is in, if there is one licence.",
            )
            .with_callback(move |gauge| {
                let states = breakers.states();
                for name in STATES {
                    let count = states.iter().filter(|state| **state == name).count();
                    let count = u64::try_from(count).unwrap_or(u64::MAX);
                    gauge.observe(count, &[KeyValue::new(label::STATE, name)]);
                }
            })
            .build();
    }

    /// The names of the states that they are in now.
    fn states(&self) -> Vec<&'static str> {
        let breakers = self.0.by_license.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states: Vec<_> = breakers.values().map(Breaker::state).collect();
        if states.is_empty() {
            states.push(STATES[0]);
        }
        states
    }

    /// When an exchange would be let through that would be refused now.
    pub(super) fn is_open(&self, exchange: &Exchange) -> Option<Open> {
        let license = self.license(exchange)?;
        self.with(license, |breaker| breaker.is_open(Instant::now()))
    }

    /// Lets an exchange through, or says when one will be; `None` if no breaker has a say.
    ///
    /// # Errors
    ///
    /// [`Open`].
    pub(super) fn admit(&self, exchange: &Exchange) -> Result<Option<Admitted>, Open> {
        let Some(license) = self.license(exchange) else {
            return Ok(None);
        };
        let since = Instant::now();
        let ticket = self.with(license, |breaker| breaker.admit(since))?;
        Ok(Some(Admitted {
            breakers: self.clone(),
            license: license.clone(),
            lane: exchange.lane,
            ticket,
            since,
            has_ended: false,
        }))
    }

    /// The licence of an exchange in whose way the breaker may be. The probe has none: it asks whether the upstream is
    /// there, whatever became of calls.
    fn license<'a>(&self, exchange: &'a Exchange) -> Option<&'a License> {
        exchange.license.as_ref().filter(|_| self.0.params.failures > 0)
    }

    pub(super) fn with<T>(&self, license: &License, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.0.by_license.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get_mut(license) {
            return act(breaker);
        }
        let breaker = breakers.entry(license.clone());
        act(breaker.or_insert_with(|| Breaker::new(self.0.params)))
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers")
            .field("params", &self.0.params)
            .finish_non_exhaustive()
    }
}

// === impl Admitted ===

impl Admitted {
    /// It has ended: well, or with this error.
    pub(super) fn end(mut self, error: Option<&Error>) {
        self.has_ended = true;
        let patience = self.breakers.0.params.patience;
        self.tell(error.map_or(Verdict::Serves, |error| Verdict::of(error, self.lane, patience)));
    }

    fn tell(&self, verdict: Verdict) {
        // A pause is as long as is drawn when it begins: gateways that fail together must not come back together.
        let jitter = rand::random_range(0.8..1.2);
        let now = Instant::now();
        let turned = self.breakers.with(&self.license, |breaker| {
            breaker.end(self.ticket, verdict, jitter, now)
        });
        let license = self.license.name();
        match turned {
            None => {}
            Some(Turned::Open { pause, why }) => {
                let (why, pause_ms) = (why.error_type(), pause.as_millis());
                warn!(
                    license,
                    state = "open",
                    error.r#type = why,
                    pause_ms,
                    "the breaker opened: the upstream is left alone"
                );
            }
            Some(Turned::OpenAgain { pause, why }) => {
                let (why, pause_ms) = (why.error_type(), pause.as_millis());
                info!(
                    license,
                    state = "open",
                    error.r#type = why,
                    pause_ms,
                    "the breaker stays open: the upstream still fails"
                );
            }
            Some(Turned::Closed) => info!(
                license,
                state = "closed",
                "the breaker closed: the upstream serves again"
            ),
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.has_ended {
            let patience = self.breakers.0.params.patience;
            self.tell(Verdict::of_waiting(self.since.elapsed(), self.lane, patience));
        }
    }
}
