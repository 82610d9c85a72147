//! The state of one sandbox, which every connection shares.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::bind::Members;
use super::fault::{Fault, Injector, Plan};
use super::params::{Params, State};
use super::refusal::ErrorForm;
use super::service::{Calls, Service};
use super::stats::{Seen, Stats};
use super::{recorded, world};

/// A handle to one sandbox; clones share it.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    error_form: ErrorForm,
    remembered: usize,
    started: Instant,
    state: Mutex<Mutable>,
}

/// All that changes. The lock is held for one step at a time and never across an await.
pub(super) struct Mutable {
    pub(super) service: Service,
    injector: Injector,
    pub(super) stats: Stats,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("error_form", &self.inner.error_form)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox whose history starts now. The clock that moves it is tokio's, so a test can pause it.
    #[must_use]
    pub fn new(params: Params) -> Self {
        let Params {
            state,
            error_form,
            license,
            faults,
            fault_seed,
            remembered,
        } = params;
        let (directory, calls) = match state {
            State::Recorded => (recorded::directory(), Calls::Recorded(recorded::calls())),
            State::Living(world) => {
                let (directory, traffic) = world::populate(&world);
                (directory, Calls::Living(Box::new(traffic)))
            }
        };
        let state = Mutable {
            service: Service::new(directory, calls, license),
            injector: Injector::new(faults, fault_seed),
            stats: Stats::default(),
        };
        let inner = Inner {
            error_form,
            remembered,
            started: Instant::now(),
            state: Mutex::new(state),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What has arrived so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state().stats.clone()
    }

    /// The faults in force, with what is left of their counts.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.state().injector.faults().to_vec()
    }

    /// Puts these faults in the place of those in force; none clears them.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.state().injector.replace(faults);
    }

    /// What the body of a service error looks like.
    pub(super) fn error_form(&self) -> ErrorForm {
        self.inner.error_form
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Mutable> {
        // A panic while the lock was held is a defect, but not one that a stand-in should answer with another.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.inner.started.elapsed()
    }

    /// Counts a request and draws the trouble that meets it.
    pub(super) fn arrived(&self, members: Option<&Members>, traceparent: Option<String>) -> Plan {
        let operation = members.map(Members::operation);
        let shown = members.map(Members::shown).unwrap_or_default();
        let mut state = self.state();
        let seen = Seen::of(operation, shown, traceparent);
        state.stats.arrived(seen, self.inner.remembered);
        state.injector.draw(operation)
    }
}
