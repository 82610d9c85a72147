//! Descriptors: how many connections they allow, and one to spare.

use std::fs::File;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Descriptors that are not for connections of callers, at least: those of the operator's port, the upstream, the log, the
/// runtime. Of few, half.
const RESERVE: usize = 256;

/// How many connections the descriptors of the process allow. A quarter is kept for everything else, or [`RESERVE`].
pub(in crate::server) fn allow() -> usize {
    limit().map_or(usize::MAX, |limit| {
        limit - (limit / 4).max(RESERVE.min(limit / 2))
    })
}

/// How many descriptors the process may have.
#[cfg(unix)]
fn limit() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    let soft = getrlimit(Resource::Nofile).current?;
    usize::try_from(soft).ok()
}

#[cfg(not(unix))]
fn limit() -> Option<usize> {
    None
}

/// A descriptor that is kept so that one more connection can be accepted when there is no other: one of the process, as
/// descriptors are, and so of all its listeners.
pub(super) static SPARE: Spare = Spare {
    file: Mutex::new(None),
    back: Notify::const_new(),
};

/// A descriptor to spare, or none for the moment.
#[derive(Debug)]
pub(super) struct Spare {
    file: Mutex<Option<File>>,
    back: Notify,
}

impl Spare {
    /// Has a descriptor to spare again, if the system gives one. Whether there is one.
    pub(super) fn refill(&self) -> bool {
        let mut file = self.lock();
        if file.is_none() {
            *file = File::open("/dev/null").ok();
            if file.is_some() {
                self.back.notify_waiters();
            }
        }
        file.is_some()
    }

    /// Gives the descriptor up. False if there was none.
    pub(super) fn give_up(&self) -> bool {
        self.lock().take().is_some()
    }

    /// Completes when there is one again, be it for a moment.
    pub(super) async fn back(&self) {
        let mut back = pin!(self.back.notified());
        // Listen first and look then, so that nothing falls in between.
        back.as_mut().enable();
        if self.lock().is_none() {
            back.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_others() {
        let limit = limit().expect("a limit");
        let allowed = allow();
        assert!(
            allowed >= limit / 2 && allowed <= limit - limit / 4,
            "{allowed} of {limit}"
        );
    }

    #[test]
    fn a_spare_descriptor_is_given_up_once() {
        let spare = Spare {
            file: Mutex::new(None),
            back: Notify::new(),
        };
        assert!(!spare.give_up());
        assert!(spare.refill());
        assert!(spare.give_up());
        assert!(!spare.give_up());
    }
}
