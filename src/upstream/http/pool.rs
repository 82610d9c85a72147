//! The connections that are kept for the next request, and how all of them are given up at once.
//!
//! Which answer belongs to which request is told by nothing but their order on the connection. `hyper` closes one that has
//! bytes to read when nothing was asked. What it cannot see is an answer too many that comes only with the next request:
//! from then on each answer on that connection is the one to the request before. Only what the answers say gives it away
//! (`upstream::customer`), and whoever finds it gives up the [`Origin`] of the answer. All kept connections go with it: the
//! library lends no handle on one, and if something on the way answers twice, the others are no better (`docs/adr/0011`).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tls::BuildError;

/// Makes a client, which keeps connections of its own.
type Make = Box<dyn Fn() -> Result<reqwest::Client, BuildError> + Send + Sync>;

/// The client whose connections are kept. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    make: Make,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// `None` from when it was given up until the next request.
    client: Option<reqwest::Client>,
    /// How many were given up.
    generation: u64,
}

/// Where an answer came from: the connections that were kept when it was asked for.
#[derive(Clone, Debug)]
pub(in crate::upstream) struct Origin {
    pool: Pool,
    generation: u64,
}

// === impl Pool ===

impl Pool {
    /// Makes the first client.
    pub(super) fn new(
        make: impl Fn() -> Result<reqwest::Client, BuildError> + Send + Sync + 'static,
    ) -> Result<Self, BuildError> {
        let client = make()?;
        let kept = Kept {
            client: Some(client),
            generation: 0,
        };
        Ok(Self(Arc::new(Shared {
            make: Box::new(make),
            kept: Mutex::new(kept),
        })))
    }

    /// The client for the next request.
    pub(super) fn client(&self) -> Result<(reqwest::Client, Origin), BuildError> {
        let mut kept = self.0.lock();
        let client = match &kept.client {
            Some(client) => client.clone(),
            None => kept.client.insert((self.0.make)()?).clone(),
        };
        let origin = Origin {
            pool: self.clone(),
            generation: kept.generation,
        };
        Ok((client, origin))
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { make: _, kept } = self;
        f.debug_struct("Shared")
            .field("kept", kept)
            .finish_non_exhaustive()
    }
}

// === impl Origin ===

impl Origin {
    /// Closes the connections that were kept when the answer was asked for; one in use is closed after its answer. If they
    /// have been given up already, nothing happens to those that are kept now.
    pub(in crate::upstream) fn give_up(&self) {
        let mut kept = self.pool.0.lock();
        if kept.generation == self.generation {
            kept.client = None;
            kept.generation += 1;
        }
    }

    /// Whether these connections have been given up: an answer that came by one may be another's.
    pub(in crate::upstream) fn is_given_up(&self) -> bool {
        self.pool.0.lock().generation != self.generation
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_several_answers_came_by_is_given_up_once() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let pool = Pool::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(reqwest::Client::new())
        });
        let pool = pool.unwrap();
        let (_, first) = pool.client().unwrap();
        let (_, second) = pool.client().unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert!(!second.is_given_up());
        first.give_up();
        assert!(first.is_given_up() && second.is_given_up());
        let (_, third) = pool.client().unwrap();
        second.give_up();
        assert!(!third.is_given_up());
        pool.client().unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 2);
        third.give_up();
        pool.client().unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 3);
    }
}
