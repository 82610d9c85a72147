//! Descriptors: how many connections they allow, and one to spare.

use std::fs::File;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Descriptors that are not for connections of callers, at least: those of the operator's port, the upstream, the log, the
/// runtime. Of few, half.
const RESERVE: usize = 256;

/// How many of `wanted` connections the descriptors of the process allow. Its limit is raised for them where the system lets
/// it: the usual one, 1,024, is for programs that cannot count further.
pub(super) fn allow(wanted: usize) -> usize {
    let limit = limit(needed(wanted)).unwrap_or(usize::MAX);
    wanted.min(for_connections(limit))
}

/// How many connections so many descriptors allow. A quarter is kept for everything else, or [`RESERVE`].
fn for_connections(descriptors: usize) -> usize {
    descriptors - (descriptors / 4).max(RESERVE.min(descriptors / 2))
}

/// How many descriptors allow so many connections.
fn needed(connections: usize) -> usize {
    let with_quarter = connections.saturating_add(connections.div_ceil(3));
    with_quarter.max(connections.saturating_add(RESERVE))
}

/// How many descriptors the process may have, after an attempt to have as many as are `needed`.
#[cfg(unix)]
fn limit(needed: usize) -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let needed = maximum.map_or(needed, |maximum| maximum.min(needed));
    let current = current?;
    let raised = Rlimit {
        current: Some(needed),
        maximum,
    };
    let is_raised = current < needed && setrlimit(Resource::Nofile, raised).is_ok();
    usize::try_from(if is_raised { needed } else { current }).ok()
}

#[cfg(not(unix))]
fn limit(_needed: usize) -> Option<usize> {
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
        for (descriptors, connections) in [
            (0, 0),
            (64, 32),
            (512, 256),
            (1_024, 768),
            (4_096, 3_072),
            (1 << 20, 786_432),
        ] {
            assert_eq!(for_connections(descriptors), connections);
        }
        for wanted in [256, 768, 1_000, 10_000, 100_000] {
            assert!(
                (wanted..wanted + 2).contains(&for_connections(needed(wanted))),
                "{wanted}"
            );
        }
    }

    #[test]
    fn as_many_are_allowed_as_are_wanted_and_no_more() {
        assert_eq!(allow(16), 16);
        assert!(allow(usize::MAX) < usize::MAX);
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
