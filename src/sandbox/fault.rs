//! Trouble on purpose: what goes wrong, for which operation, how often.
//!
//! Every draw comes from one seeded generator in the order of the requests, so a run of requests one after another
//! meets the same trouble again under the same seed.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::operation::Operation;
use super::refusal::ErrorForm;

/// One kind of trouble and the requests that it meets: by default all, always.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub trouble: Trouble,
    /// Only requests for this operation; without it every request, those that name no operation included.
    pub operation: Option<Operation>,
    /// The share of the matching requests that are met, 0 to 1.
    pub share: f64,
    /// How many more requests are met before the fault is over; without it there is no end.
    pub count: Option<u64>,
}

impl Fault {
    /// The trouble for every request.
    #[must_use]
    pub fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            operation: None,
            share: 1.0,
            count: None,
        }
    }

    /// The same for requests for one operation.
    #[must_use]
    pub fn on(self, operation: Operation) -> Self {
        Self {
            operation: Some(operation),
            ..self
        }
    }

    /// The same for the next `count` requests.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }

    /// The same for a share of the requests, 0 to 1.
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        Self { share, ..self }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// A wait of `fixed` and of up to `jitter` more, evenly drawn. Waits of several faults add up.
    Latency {
        /// The least wait.
        fixed: Duration,
        /// The most it can be longer.
        jitter: Duration,
        /// On which side of the service's work.
        when: When,
    },
    /// The answer is an error of the service; nothing is changed.
    Status {
        /// The HTTP status.
        status: u16,
        /// The form of the body, if not the host's own.
        form: Option<ErrorForm>,
        /// The seconds of a `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The change is made; the body is cut and the response is sound HTTP.
    CutBody {
        /// The share of the body that is left, 0 to 1.
        keep: f64,
    },
    /// The change is made; the body is cut, its length announced in full, and the connection closed.
    BrokenTransfer {
        /// The share of the body that is sent, 0 to 1.
        keep: f64,
    },
    /// The connection is closed without a response.
    Drop {
        /// On which side of the service's work, so whether a change is made.
        when: When,
    },
    /// A page for people with status 200 instead of an answer; nothing is changed.
    Html,
    /// Status 200 without a body or its type; nothing is changed.
    Empty,
}

/// A side of the service's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing has been changed yet.
    Before,
    /// The change is made.
    After,
}

impl Trouble {
    /// The name in the control endpoint and in the statistics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Status { .. } => "status",
            Self::CutBody { .. } => "cut_body",
            Self::BrokenTransfer { .. } => "broken_transfer",
            Self::Drop { .. } => "drop",
            Self::Html => "html",
            Self::Empty => "empty",
        }
    }
}

/// The trouble that meets one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) wait_before: Duration,
    pub(super) wait_after: Duration,
    /// Never a latency: those have been added up.
    pub(super) trouble: Option<Trouble>,
}

/// The faults in force.
#[derive(Debug)]
pub(super) struct Injector {
    faults: Vec<Fault>,
    rng: ChaCha8Rng,
}

impl Injector {
    pub(super) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self {
            faults,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The faults in force, with what is left of their counts.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Puts these faults in the place of those in force.
    pub(super) fn replace(&mut self, faults: Vec<Fault>) {
        self.faults = faults;
    }

    /// What meets a request: every latency that is drawn, and the first other trouble that is.
    pub(super) fn draw(&mut self, operation: Option<Operation>) -> Plan {
        let Self { faults, rng } = self;
        let mut plan = Plan::default();
        for fault in faults.iter_mut() {
            let matches = fault.operation.is_none() || fault.operation == operation;
            let is_wait = matches!(fault.trouble, Trouble::Latency { .. });
            if !matches
                || (plan.trouble.is_some() && !is_wait)
                || !rng.random_bool(fault.share.clamp(0.0, 1.0))
            {
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count = count.saturating_sub(1);
            }
            match &fault.trouble {
                Trouble::Latency { fixed, jitter, when } => {
                    let wait = *fixed + jitter.mul_f64(rng.random());
                    match when {
                        When::Before => plan.wait_before += wait,
                        When::After => plan.wait_after += wait,
                    }
                }
                trouble => plan.trouble = Some(trouble.clone()),
            }
        }
        faults.retain(|fault| fault.count != Some(0));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Trouble = Trouble::Status {
        status: 503,
        form: None,
        retry_after: None,
    };

    #[test]
    fn a_counted_fault_ends_and_meets_only_its_operation() {
        let fault = Fault::new(BUSY).on(Operation::ActiveCalls).times(2);
        let mut injector = Injector::new(vec![fault], 1);
        let met = |injector: &mut Injector, operation| injector.draw(operation).trouble.is_some();
        assert!(!met(&mut injector, Some(Operation::Add)));
        assert!(!met(&mut injector, None));
        assert!(met(&mut injector, Some(Operation::ActiveCalls)));
        assert!(met(&mut injector, Some(Operation::ActiveCalls)));
        assert!(!met(&mut injector, Some(Operation::ActiveCalls)));
        assert_eq!(injector.faults(), []);
    }

    #[test]
    fn the_same_seed_draws_the_same_share() {
        let draws = |seed| {
            let mut injector = Injector::new(vec![Fault::new(BUSY).share(0.3)], seed);
            (0..1000)
                .map(|_| injector.draw(None).trouble.is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        let met = draws(7).into_iter().filter(|met| *met).count();
        assert!((200..400).contains(&met), "{met} of 1000 is not a share of 0.3");
    }

    #[test]
    fn waits_add_up_and_the_first_other_trouble_wins() {
        let wait = |millis, when| {
            let fixed = Duration::from_millis(millis);
            Fault::new(Trouble::Latency {
                fixed,
                jitter: Duration::ZERO,
                when,
            })
        };
        let faults = vec![
            wait(10, When::Before),
            Fault::new(Trouble::Html),
            Fault::new(BUSY).times(1),
            wait(5, When::Before),
            wait(7, When::After),
        ];
        let mut injector = Injector::new(faults, 1);
        let expected = Plan {
            wait_before: Duration::from_millis(15),
            wait_after: Duration::from_millis(7),
            trouble: Some(Trouble::Html),
        };
        assert_eq!(injector.draw(None), expected);
        assert_eq!(injector.faults().len(), 5, "what did not happen does not count");
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        let (fixed, jitter) = (Duration::from_millis(10), Duration::from_millis(5));
        let mut injector = Injector::new(
            vec![Fault::new(Trouble::Latency {
                fixed,
                jitter,
                when: When::Before,
            })],
            3,
        );
        for _ in 0..100 {
            let wait = injector.draw(None).wait_before;
            assert!((fixed..=fixed + jitter).contains(&wait), "{wait:?}");
        }
    }
}
