//! The handle of a watch.

use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::{self, Channel, Endpoint};

use super::call_set::Change;
use super::params::{Params, Query};
use super::session::Session;
use super::state::State;

/// Watches a customer's live calls until it is dropped.
///
/// A task of its own connects, watches, and after any break resumes where it was: with the token, after a wait that
/// doubles with each break in a row and is jittered, or that the gateway asked for. Silence is a break, too. A status
/// that another attempt would not change (`INVALID_ARGUMENT`, `NOT_FOUND`, `PERMISSION_DENIED`, `UNIMPLEMENTED`) ends
/// the watch.
///
/// It holds two states and no more: the present one, and the one that [`changed`] last told.
///
/// [`changed`]: CallWatcher::changed
#[derive(Debug)]
pub struct CallWatcher {
    state: watch::Receiver<State>,
    told: State,
    /// Aborted when the handle is dropped.
    _task: JoinSet<()>,
}

/// What [`CallWatcher::changed`] tells.
#[derive(Clone, Debug)]
pub struct Update {
    /// How the state differs from the one that was told before. Never empty.
    pub changes: Vec<Change>,
    /// The state that the changes lead to.
    pub state: State,
}

impl CallWatcher {
    /// Watches through `endpoint`, see [`endpoint`](super::endpoint()). Every attempt is a connection of its own, so
    /// that a dead or draining one is left behind.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn connect(endpoint: Endpoint, query: Query, params: Params) -> Self {
        Self::over(
            move || {
                let endpoint = endpoint.clone();
                async move { endpoint.connect().await }
            },
            query,
            params,
        )
    }

    /// Watches through the channels that `dial` gives, one for each attempt: for connectors of one's own, or to share
    /// a channel with other calls.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn over<D, F>(dial: D, query: Query, params: Params) -> Self
    where
        D: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<Channel, transport::Error>> + Send + 'static,
    {
        let (session, state) = Session::new(dial, query, params);
        // Taken before the task begins, so that the first state that it publishes differs from this one.
        let told = state.borrow().clone();
        let mut task = JoinSet::new();
        task.spawn(session.run());
        Self {
            state,
            told,
            _task: task,
        }
    }

    /// What is known now.
    #[must_use]
    pub fn current(&self) -> State {
        self.state.borrow().clone()
    }

    /// Waits until the state differs from the one last told, and tells how. The first time, everything is new.
    ///
    /// Whoever asks seldom is told the net difference: a call that came and went in between is not mentioned.
    ///
    /// # Errors
    ///
    /// The status that ended the watch, once all that changed before has been told; from then on always.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing.
    pub async fn changed(&mut self) -> Result<Update, Status> {
        loop {
            let state = self.state.borrow_and_update().clone();
            let changes = state.changes_since(&self.told);
            if !changes.is_empty() {
                self.told = state.clone();
                return Ok(Update { changes, state });
            }
            if let Some(status) = state.ended {
                return Err(status);
            }
            if self.state.changed().await.is_err() {
                return Err(Status::internal("the task of the watch is gone"));
            }
        }
    }
}
