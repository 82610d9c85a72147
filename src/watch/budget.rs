//! What the watch holds in memory: counted while it lives, by feed and by use, against one limit.
//!
//! ```text
//!   Budget  of the process: the limit, the sums
//!     └─ Account  one a feed
//!          └─ Charge  given back when dropped: of a state, of a ring, of every frame until its last reader lets go
//! ```
//!
//! Counted is whatever grows with what upstreams say and with what readers do not read, wherever it is kept: a frame that
//! waits in a connection's buffer for a reader that never comes is counted there. What is small and the same for every
//! watcher (a bookmark, its place) is not: the number of watchers has a limit of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What memory is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The present state of a feed, and what the next answer is compared with.
    State,
    /// The last deltas.
    Ring,
    /// Encoded events: kept for the next reader, on their way, or not read.
    Frames,
}

/// The memory of the watch.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: Used,
    /// There is too much.
    exceeded: Notify,
}

/// The memory of one feed. Frames that are not read yet hold on to it when the feed has ended.
#[derive(Debug)]
pub(super) struct Account {
    budget: Arc<Budget>,
    used: Used,
}

/// Memory in use, no more when dropped.
#[derive(Debug)]
pub(super) struct Charge {
    account: Arc<Account>,
    what: Use,
    bytes: usize,
}

/// The states of all feeds would take more than their part of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

/// Bytes by what they are used for.
#[derive(Debug, Default)]
struct Used {
    state: AtomicUsize,
    ring: AtomicUsize,
    frames: AtomicUsize,
}

// === impl Budget ===

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            used: Used::default(),
            exceeded: Notify::new(),
        }
    }

    /// How much may be used.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// How much is used.
    pub(super) fn used(&self) -> usize {
        self.used.sum()
    }

    /// Whether the states leave no room for another feed. There is then still some for those to grow that are there.
    pub(super) fn is_full_of_states(&self) -> bool {
        self.used.of(Use::State).load(Ordering::Relaxed) > self.limit / 8 * 5
    }

    /// How much states may take. A snapshot of a state takes less than a third of what the state itself does, so that
    /// every state can still be told.
    fn for_states(&self) -> usize {
        self.limit / 4 * 3
    }

    /// Whether so much is used that some must be given back: before the limit is reached, as what readers have to be
    /// ended for comes back with a delay.
    pub(super) fn is_exceeded(&self) -> bool {
        self.used() > self.limit / 8 * 7
    }

    /// How much must be given back, once some must.
    pub(super) fn excess(&self) -> usize {
        self.used().saturating_sub(self.limit / 4 * 3)
    }

    /// Completes when more [is used](Self::is_exceeded) than should be.
    ///
    /// # Cancellation
    ///
    /// Safe.
    pub(super) async fn exceeded(&self) {
        self.exceeded.notified().await;
    }
}

// === impl Account ===

impl Account {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self {
            budget,
            used: Used::default(),
        }
    }

    /// Takes so many bytes.
    pub(super) fn charge(self: &Arc<Self>, what: Use, bytes: usize) -> Charge {
        let mut charge = Charge {
            account: self.clone(),
            what,
            bytes: 0,
        };
        charge.set(bytes);
        charge
    }

    /// How many bytes of the feed are used for this.
    pub(super) fn used(&self, what: Use) -> usize {
        self.used.of(what).load(Ordering::Relaxed)
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }
}

// === impl Charge ===

impl Charge {
    /// Takes so many bytes instead of those so far.
    pub(super) fn set(&mut self, bytes: usize) {
        let Account { budget, used } = &*self.account;
        for used in [used.of(self.what), budget.used.of(self.what)] {
            // The sum wraps as the difference does.
            used.fetch_add(bytes.wrapping_sub(self.bytes), Ordering::Relaxed);
        }
        let has_grown = bytes > self.bytes;
        self.bytes = bytes;
        if has_grown && budget.is_exceeded() {
            budget.exceeded.notify_one();
        }
    }

    /// Takes so many bytes for a state instead of those so far.
    ///
    /// # Errors
    ///
    /// [`NoRoom`], and as many as before are taken. There is always room for a state that shrinks.
    pub(super) fn set_state(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let before = self.bytes;
        self.set(bytes);
        let budget = &self.account.budget;
        let states = budget.used.of(Use::State).load(Ordering::Relaxed);
        if bytes > before && states > budget.for_states() {
            self.set(before);
            return Err(NoRoom);
        }
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

// === impl Used ===

impl Used {
    fn of(&self, what: Use) -> &AtomicUsize {
        match what {
            Use::State => &self.state,
            Use::Ring => &self.ring,
            Use::Frames => &self.frames,
        }
    }

    fn sum(&self) -> usize {
        let all = [Use::State, Use::Ring, Use::Frames];
        all.map(|what| self.of(what).load(Ordering::Relaxed)).iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(limit: usize) -> Arc<Account> {
        Arc::new(Account::new(Arc::new(Budget::new(limit))))
    }

    #[test]
    fn what_is_dropped_is_given_back_and_everything_counts_once() {
        let account = account(1000);
        let other = Arc::new(Account::new(account.budget.clone()));
        let mut state = account.charge(Use::State, 10);
        let frame = other.charge(Use::Frames, 5);
        state.set(7);
        assert_eq!((account.used(Use::State), other.used(Use::Frames)), (7, 5));
        assert_eq!(account.budget().used(), 12);
        drop((state, frame));
        assert_eq!((account.used(Use::State), account.budget().used()), (0, 0));
    }

    #[test]
    fn states_leave_room_to_tell_them() {
        let account = account(1000);
        let _ring = account.charge(Use::Ring, 900);
        let mut state = account.charge(Use::State, 0);
        assert_eq!(state.set_state(620), Ok(()));
        assert!(!account.budget().is_full_of_states());
        assert_eq!(state.set_state(750), Ok(()));
        assert!(account.budget().is_full_of_states());
        let mut other = account.charge(Use::State, 0);
        assert_eq!(other.set_state(1), Err(NoRoom));
        assert_eq!(account.used(Use::State), 750, "as it was");
        assert_eq!(state.set_state(700), Ok(()), "one that shrinks is always taken");
        assert_eq!(other.set_state(50), Ok(()));
    }

    #[tokio::test]
    async fn whoever_gives_back_hears_of_too_much() {
        let account = account(1000);
        let _most = account.charge(Use::Frames, 870);
        assert!(!account.budget().is_exceeded());
        let _more = account.charge(Use::Frames, 10);
        account.budget().exceeded().await;
        assert_eq!(account.budget().excess(), 130);
    }
}
