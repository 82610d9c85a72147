//! A stand-in for Porta Plus 2: an HTTP/1.1 server of its own that speaks the real wire.
//!
//! ```text
//!  http      connections, bodies, what a fault does to a response
//!  request   route + bind + negotiate: from the parts of a request to members and a format
//!  service   one request type in, one answer out, on the directory and the calls
//!  respond   status, headers and body, as a v3 host writes them
//!  control   /_sandbox/: faults and statistics at runtime
//! ```
//!
//! It serves the state of the server that was recorded, answer for answer ([`State::Recorded`]), or a seeded world
//! whose calls come and go ([`State::Living`]). [`Fault`]s make it misbehave. The same seed and the same clock give
//! the same history, however often it is asked. It uses only [`crate::codec`] and [`crate::wire`].
//!
//! The licence is never logged, counted or shown.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

mod bind;
mod control;
mod directory;
mod exchange;
mod fault;
mod http;
mod negotiate;
mod operation;
mod page;
mod recorded;
mod refusal;
mod request;
mod respond;
mod route;
mod service;
mod stats;
mod status;
mod traffic;
mod world;

pub use self::control::{Wrong, parse_faults};
pub use self::fault::{Fault, Trouble, When};
pub use self::operation::{Operation, UnknownOperation};
pub use self::stats::{Seen, Stats};
pub use self::traffic::Params as TrafficParams;
pub use self::world::Params as WorldParams;

use self::fault::{Injector, Plan};
use self::service::{Calls, Service};

/// What a sandbox serves and how it misbehaves.
#[derive(Clone)]
pub struct Params {
    /// What the service knows at start.
    pub state: State,
    /// What the body of a service error looks like.
    pub error_form: ErrorForm,
    /// The one licence that is taken; without it every licence is, as on the recorded server.
    pub license: Option<String>,
    /// The trouble at start.
    pub faults: Vec<Fault>,
    /// The seed of the faults' draws. The world has a seed of its own.
    pub fault_seed: u64,
    /// How many requests the statistics remember in full.
    pub remembered: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            state: State::Recorded,
            error_form: ErrorForm::Row,
            license: None,
            faults: Vec::new(),
            fault_seed: 1,
            remembered: 100,
        }
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            state,
            error_form,
            license: _,
            faults,
            fault_seed,
            remembered,
        } = self;
        f.debug_struct("Params")
            .field("state", state)
            .field("error_form", error_form)
            .field("faults", faults)
            .field("fault_seed", fault_seed)
            .field("remembered", remembered)
            .finish_non_exhaustive()
    }
}

/// What the service knows at start.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The recorded server's state, where nothing changes but by requests.
    Recorded,
    /// A generated world whose calls come and go.
    Living(WorldParams),
}

/// What the body of a service error looks like: a v3 host is built one way or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// A legal answer with every column at its default: only the status tells.
    Row,
    /// A table `ResponseStatus` with a code and a message.
    Table,
}

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
struct Mutable {
    service: Service,
    injector: Injector,
    stats: Stats,
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

    fn state(&self) -> MutexGuard<'_, Mutable> {
        // A panic while the lock was held is a defect, but not one that a stand-in should answer with another.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        self.inner.started.elapsed()
    }

    /// Counts a request and draws the trouble that meets it.
    fn arrived(&self, members: Option<&bind::Members>) -> Plan {
        let operation = members.map(bind::Members::operation);
        let shown = members.map(bind::Members::shown).unwrap_or_default();
        let mut state = self.state();
        state.stats.arrived(operation, shown, self.inner.remembered);
        state.injector.draw(operation)
    }
}

/// Serves `sandbox` on `listener` until `shutdown` completes, then lets the requests in flight end.
///
/// A request that is still in flight some seconds after that is dropped.
///
/// # Cancellation
///
/// Dropping the future closes the listener and every connection at once.
pub async fn run(listener: TcpListener, sandbox: Sandbox, shutdown: impl Future<Output = ()>) {
    http::serve(listener, sandbox, shutdown).await;
}

#[cfg(test)]
mod tests;
