//! Descriptors: how many connections they allow, and one to spare.

use std::fs::File;

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

/// A descriptor that is kept so that one more connection can be accepted when there is no other.
#[derive(Debug, Default)]
pub(super) struct Spare(Option<File>);

impl Spare {
    /// Has a descriptor to spare again, if the system gives one.
    pub(super) fn refill(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }

    /// Gives the descriptor up. False if there was none.
    pub(super) fn give_up(&mut self) -> bool {
        self.0.take().is_some()
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
        let mut spare = Spare::default();
        assert!(!spare.give_up());
        spare.refill();
        assert!(spare.give_up());
        assert!(!spare.give_up());
    }
}
