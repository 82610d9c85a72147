//! When calls were last served, and to whom: noted by each call, so without a lock.
//!
//! Two calls that end at one moment may leave the time of the one with the customer of the other. That is as good: both
//! were served.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

/// The customer of nobody: ids begin with 1.
const NOBODY: i32 = 0;

/// The last call that was served, and the last of another customer. Times are milliseconds of the clock of whoever notes.
#[derive(Debug, Default)]
pub(super) struct LastServed {
    last: Call,
    other: Call,
}

#[derive(Debug, Default)]
struct Call {
    at: AtomicU64,
    customer: AtomicI32,
}

impl LastServed {
    /// A call of `customer` was served at `at`.
    pub(super) fn note(&self, customer: i32, at: u64) {
        let before = self.last.customer.load(Relaxed);
        if before != customer {
            self.other.customer.store(before, Relaxed);
            self.other.at.store(self.last.at.load(Relaxed), Relaxed);
            self.last.customer.store(customer, Relaxed);
        }
        self.last.at.store(at, Relaxed);
    }

    /// When a call was last served; 0 if none was.
    pub(super) fn last(&self) -> u64 {
        self.last.at.load(Relaxed)
    }

    /// When a call was last served, and when one of another customer than this one.
    pub(super) fn except(&self, customer: i32) -> (Option<u64>, Option<u64>) {
        let (last, other) = (self.last.read(), self.other.read());
        let not_its_own = |call: &(u64, i32)| call.1 != customer;
        let to_another = last.filter(not_its_own).or(other.filter(not_its_own));
        (last.map(|(at, _)| at), to_another.map(|(at, _)| at))
    }
}

impl Call {
    fn read(&self) -> Option<(u64, i32)> {
        let customer = self.customer.load(Relaxed);
        (customer != NOBODY).then(|| (self.at.load(Relaxed), customer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_of_another_customer_is_remembered_beside_the_last() {
        let served = LastServed::default();
        assert_eq!(served.except(1), (None, None));
        served.note(1, 5);
        assert_eq!(served.except(1), (Some(5), None));
        assert_eq!(served.except(2), (Some(5), Some(5)));
        served.note(2, 7);
        served.note(1, 8);
        served.note(1, 9);
        assert_eq!(served.except(1), (Some(9), Some(7)));
        assert_eq!(served.except(2), (Some(9), Some(9)));
        assert_eq!(served.last(), 9);
    }
}
