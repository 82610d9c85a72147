//! When failures of calls are the upstream's trouble: pure, without a clock.
//!
//! ```text
//!   failed ── failed ── failed ────── for `lasts`, three at least; or for `hangs` ──▶ trouble
//!     ▲  └─ served since, or nothing failed for long ─┐
//!     └───────────────────────────────────────────────┘
//! ```
//!
//! One customer's failures are no trouble of all if another has been served lately: they may be about its data.

use tokio::time::Instant;

use super::params::Params;

/// When calls were last served, if ever.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub(super) last: Option<Instant>,
    /// To another customer than the one whose call has failed.
    pub(super) to_another: Option<Instant>,
}

/// A call that failed, or still waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) asked: Instant,
    pub(super) customer: i32,
}

/// The failures since a call was last served.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<Run>);

/// Failures one after another, without a call that was served between them.
#[derive(Debug)]
struct Run {
    /// From when on nothing that was asked has been served.
    since: Instant,
    last: Instant,
    count: u32,
    /// Whose calls they are, if all are one customer's.
    customer: Option<i32>,
}

// === impl Trouble ===

impl Trouble {
    /// Takes note of a failure at `now`, and tells whether those of this run are the upstream's trouble by now.
    pub(super) fn fail(&mut self, failure: Failure, served: Served, params: &Params, now: Instant) -> bool {
        let Failure { asked, customer } = failure;
        // While it waited, something else may have been served.
        let since = served.last.map_or(asked, |last| last.max(asked));
        let goes_on = |run: &mut Run| {
            served.last.is_none_or(|last| last <= run.since)
                && asked.saturating_duration_since(run.last) <= params.forgets
        };
        let run = match self.0.take_if(goes_on) {
            Some(run) => Run {
                since: run.since.min(since),
                last: now,
                count: run.count.saturating_add(1),
                customer: run.customer.filter(|whose| *whose == customer),
            },
            None => Run {
                since,
                last: now,
                count: 1,
                customer: Some(customer),
            },
        };
        let lasted = now.saturating_duration_since(run.since);
        let is_sustained = lasted >= params.hangs || (lasted >= params.lasts && run.count >= params.failures);
        let is_lately = |at| now.saturating_duration_since(at) < params.remembers;
        let is_its_own = run.customer.is_some() && served.to_another.is_some_and(is_lately);
        self.0 = Some(run);
        is_sustained && !is_its_own
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::*;

    /// What happens, by the second.
    enum Event {
        Fails { asked: u64, customer: i32 },
        Served { customer: i32 },
    }
    use Event::{Fails, Served as ServedTo};

    /// The second at which it is trouble.
    fn trouble_at(events: impl IntoIterator<Item = (u64, Event)>) -> Option<u64> {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let (mut trouble, mut served) = (Trouble::default(), HashMap::new());
        for (second, event) in events {
            match event {
                ServedTo { customer } => {
                    served.insert(customer, at(second));
                }
                Fails { asked, customer } => {
                    let asked = at(asked);
                    let failure = Failure { asked, customer };
                    let others = served.iter().filter(|(whose, _)| **whose != customer);
                    let served = Served {
                        last: served.values().max().copied(),
                        to_another: others.map(|(_, at)| *at).max(),
                    };
                    if trouble.fail(failure, served, &Params::default(), at(second)) {
                        return Some(second);
                    }
                }
            }
        }
        None
    }

    /// A call of a customer that fails in the second in which it is made.
    fn fails(second: u64, customer: i32) -> (u64, Event) {
        let asked = second;
        (second, Fails { asked, customer })
    }

    fn served(second: u64, customer: i32) -> (u64, Event) {
        (second, ServedTo { customer })
    }

    fn hangs(asked: u64, until: u64, customer: i32) -> (u64, Event) {
        (until, Fails { asked, customer })
    }

    #[test]
    fn failures_for_ten_seconds_are_trouble() {
        assert_eq!(trouble_at((0..30).map(|second| fails(second, 1))), Some(10));
        // As polls of one feed fail, each later than the one before.
        assert_eq!(trouble_at([0, 2, 6, 11].map(|second| fails(second, 1))), Some(11));
        assert_eq!(trouble_at((0..9).map(|second| fails(second, 1))), None);
    }

    #[test]
    fn a_call_that_is_served_ends_a_run() {
        let events = (0..60).map(|second| match second % 9 {
            8 => served(second, 1),
            _ => fails(second, 1),
        });
        assert_eq!(trouble_at(events), None);
    }

    #[test]
    fn one_call_that_hangs_is_trouble_after_13_seconds_unless_something_was_served_meanwhile() {
        assert_eq!(trouble_at([hangs(0, 12, 1)]), None);
        assert_eq!(trouble_at([hangs(0, 13, 1)]), Some(13));
        assert_eq!(trouble_at([served(5, 1), hangs(0, 13, 1)]), None);
        let hanging = (0..9).map(|asked| hangs(asked, asked + 13, 1));
        let events = std::iter::once(served(2, 1)).chain(hanging);
        assert_eq!(trouble_at(events), Some(15));
    }

    #[test]
    fn one_customer_alone_is_trouble_unless_another_was_served_lately() {
        let fail = |customer| move |second| fails(second, customer);
        assert_eq!(trouble_at((0..60).map(fail(1))), Some(10));
        let after = |customer| std::iter::once(served(0, customer));
        assert_eq!(trouble_at(after(1).chain((1..60).map(fail(1)))), Some(11));
        assert_eq!(trouble_at(after(2).chain((1..60).map(fail(1)))), None);
        assert_eq!(trouble_at(after(2).chain((1..600).map(fail(1)))), Some(300));
        let both = (1..60).map(|second| fails(second, 1 + i32::from(second == 30)));
        assert_eq!(trouble_at(after(2).chain(both)), Some(30));
        // What it asks for itself and gets makes nobody else's failure of its own.
        let own = [served(0, 2), served(1, 1)].into_iter();
        assert_eq!(trouble_at(own.chain((2..60).map(fail(1)))), None);
    }

    #[test]
    fn failures_far_apart_are_not_one_run() {
        assert_eq!(trouble_at((0..100).map(|n| fails(n * 16, 1))), None);
        assert_eq!(trouble_at([0, 8, 14].map(|second| fails(second, 1))), Some(14));
    }
}
