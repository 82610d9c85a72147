//! What a sandbox serves and how it misbehaves.

use std::fmt;

use super::fault::Fault;
use super::refusal::ErrorForm;
use super::world::Params as WorldParams;

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
