//! Reads bodies: small ones at once, large ones away from the threads that do IO, a few at a time.
//!
//! A body of 1 MiB takes some 2 ms to decode, one of 16 MiB 30 and more, for which every other call of its thread would
//! wait. Elsewhere the number is bounded, so that such bodies leave processors to the rest, and memory.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// From how many bytes on a body is large. A smaller one takes less than a millisecond.
const LARGE: usize = 256 * 1024;

/// How many large bodies are read at one time: two, so that one does not hold up the others.
const AT_ONE_TIME: usize = 2;

/// Reads bodies. Clones share the bound.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Taken in the order of arrival.
    turns: Arc<Semaphore>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONE_TIME)),
        }
    }
}

impl Reading {
    /// What `read` makes of a body of so many bytes.
    ///
    /// # Panics
    ///
    /// If `read` does.
    ///
    /// # Cancellation
    ///
    /// Before a large body has its turn, dropping the future gives up its place. After that the body is read to its end, for
    /// nobody: until then its turn is not given to another.
    pub(super) async fn run<T, F>(&self, bytes: usize, read: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        if bytes < LARGE {
            return read();
        }
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.expect("the semaphore is never closed");
        let reading = spawn_blocking(move || {
            let read = read();
            drop(turn);
            read
        });
        match reading.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(read) => read,
            Err(Ok(panic)) => resume_unwind(panic),
            // The runtime is going down, and whoever waits here with it.
            Err(Err(_)) => pending().await,
        }
    }
}

#[cfg(test)]
mod tests;
