//! How many attempts may be made again: a part of the calls of the last second, or a few if that is more.
//!
//! Not tower's `TpsBudget`: what it keeps in reserve comes on top of its part of the calls, and what was saved while all was
//! well may be spent at once ([why](../../../../docs/adr/0019-a-retry-budget-of-one-second.md)).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::upstream::stack::window::Window;

/// For how long a call counts, and an attempt that was made again.
const SECOND: Duration = Duration::from_secs(1);

/// The budget of all calls to one upstream.
#[derive(Debug)]
pub(super) struct Budget {
    part: f64,
    floor: f64,
    spent: Mutex<Spent>,
}

#[derive(Debug)]
struct Spent {
    calls: Window,
    retries: Window,
}

impl Budget {
    /// `part` of the calls of a second may be made again, or `floor` if that is more.
    pub(super) fn new(part: f64, floor: u32) -> Self {
        Self {
            part,
            floor: f64::from(floor),
            spent: Mutex::new(Spent {
                calls: Window::new(SECOND),
                retries: Window::new(SECOND),
            }),
        }
    }

    /// A call was made.
    pub(super) fn deposit(&self) {
        self.spent().calls.add(Instant::now());
    }

    /// Whether an attempt may be made again; if so, it counts.
    pub(super) fn withdraw(&self) -> bool {
        let now = Instant::now();
        let mut spent = self.spent();
        let most = self.most(&mut spent, now);
        let is_left = f64::from(spent.retries.sum(now)) + 1.0 <= most;
        if is_left {
            spent.retries.add(now);
        }
        is_left
    }

    /// The part of it that is left, from 0 to 1.
    pub(super) fn left(&self) -> f64 {
        let now = Instant::now();
        let mut spent = self.spent();
        let most = self.most(&mut spent, now);
        let retries = f64::from(spent.retries.sum(now));
        if most > 0.0 {
            (1.0 - retries / most).max(0.0)
        } else {
            0.0
        }
    }

    fn most(&self, spent: &mut Spent, now: Instant) -> f64 {
        self.floor.max(self.part * f64::from(spent.calls.sum(now)))
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        // Counts are whole after every step.
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;

    /// A twentieth of the window is forgotten at a time: what is older may or may not count.
    const CERTAIN: Duration = Duration::from_millis(950);

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Call,
        Retry,
        /// So many milliseconds pass.
        Pass(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Call),
            4 => Just(Step::Retry),
            2 => (0..40_u64).prop_map(Step::Pass),
            1 => (0..1_500_u64).prop_map(Step::Pass),
        ];
        proptest::collection::vec(step, 0..400)
    }

    /// How many of `times` are no older than `age`.
    fn since(times: &[Instant], age: Duration) -> f64 {
        let now = Instant::now();
        let count = times.iter().filter(|time| now - **time <= age).count();
        f64::from(u32::try_from(count).expect("few"))
    }

    async fn holds(steps: Vec<Step>, part: f64, floor: u32) {
        let budget = Budget::new(part, floor);
        let most = |calls: f64| (part * calls).max(f64::from(floor));
        let (mut calls, mut retries) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Call => {
                    budget.deposit();
                    calls.push(Instant::now());
                }
                Step::Retry if budget.withdraw() => {
                    retries.push(Instant::now());
                    assert!(
                        since(&retries, CERTAIN) <= most(since(&calls, SECOND)),
                        "too many"
                    );
                }
                Step::Retry => assert!(
                    since(&retries, SECOND) + 1.0 > most(since(&calls, CERTAIN)),
                    "refused although there was some left"
                ),
                Step::Pass(milliseconds) => advance(Duration::from_millis(milliseconds)).await,
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_the_greater_of_a_part_and_a_floor_at_any_time(
            steps in steps(),
            part in 0.0..1.0_f64,
            floor in 0..12_u32,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime");
            runtime.block_on(holds(steps, part, floor));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_floor_is_there_without_calls_and_comes_on_top_of_nothing() {
        let budget = Budget::new(0.2, 10);
        let granted = || (0..1_000).filter(|_| budget.withdraw()).count();
        assert!((budget.left() - 1.0).abs() < f64::EPSILON);
        assert_eq!(granted(), 10, "of no calls");
        assert!(budget.left() < f64::EPSILON);
        advance(SECOND).await;
        for _ in 0..300 {
            budget.deposit();
        }
        assert_eq!(granted(), 60, "of three hundred");
        advance(100 * SECOND).await;
        assert_eq!(granted(), 10, "nothing is saved");
    }
}
