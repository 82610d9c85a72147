//! Changes with an id over a small upstream, in paused time: who waits for whom, and until when.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_test::{assert_pending, task};
use uuid::Uuid;

use super::super::asking::Asking;
use super::super::cut::Cut;
use super::super::tests::{Fate, Listed, NEVER, Said, Upstream, caller, delete, records, shows, unknown};
use super::*;
use crate::dispatch::metrics::Metrics;
use crate::lifecycle::Readiness;
use crate::upstream::Shows;

const SECOND: Duration = Duration::from_secs(1);
const ID: RequestId = RequestId(Uuid::from_u128(1));

/// Changes with an id over `upstream`, and what cuts them off.
fn deduplicated(upstream: &Upstream) -> (Deduplicated, Cut) {
    let cut = Cut::default();
    let asking = Asking::new(upstream.client(), Readiness::default());
    let metrics = Metrics::new(&crate::telemetry::metrics::nowhere());
    (Deduplicated::new(Changes::new(asking, cut.clone(), metrics)), cut)
}

fn waiting(time: Duration) -> Caller {
    let mut caller = caller();
    caller.context.deadline = Some(Instant::now() + time);
    caller
}

async fn deletes(deduplicated: &Deduplicated, caller: &Caller) -> Result<Changed, Error> {
    let made = deduplicated.make(caller, delete(1), ID).await;
    made.expect("the id is taken")
}

/// How the change ends for one who waits for so long, and after how long.
async fn heard(deduplicated: &Deduplicated, time: Duration) -> (Result<Changed, Error>, Duration) {
    let asked = Instant::now();
    let told = deletes(deduplicated, &waiting(time)).await;
    (told, asked.elapsed())
}

#[tokio::test(start_paused = true)]
async fn who_has_more_time_than_the_first_has_it_made_if_it_was_not_sent() {
    let slow = |list| Listed::Slowly(if list == 0 { 2 * SECOND } else { Duration::ZERO });
    let upstream = Upstream::with(records()).listing(slow);
    let (deduplicated, _cut) = deduplicated(&upstream);
    let (first, second) = tokio::join!(heard(&deduplicated, SECOND), heard(&deduplicated, 3 * SECOND));
    assert_eq!(first.1, SECOND);
    first.0.expect_err("its time is up");
    assert_eq!(
        (second.0.expect("it is made"), second.1),
        (Changed::Deleted, SECOND)
    );
    assert_eq!(upstream.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_more_time_than_the_first_has_it_looked_for_and_not_sent_again() {
    let late = Fate {
        made: Some(2 * SECOND),
        answer: Said::Reset,
    };
    let upstream = Upstream::with(records()).changing([late]);
    let (deduplicated, _cut) = deduplicated(&upstream);
    let (first, later) = tokio::join!(heard(&deduplicated, SECOND), heard(&deduplicated, 3 * SECOND));
    assert_eq!(shows(unknown(&first.0)), Some(Shows::Present));
    assert_eq!(later.0.expect("it is seen"), Changed::Deleted);
    assert!(later.1 >= 2 * SECOND, "{:?}", later.1);
    let (again, after) = heard(&deduplicated, SECOND).await;
    assert_eq!(
        (again.expect("it is recorded"), after),
        (Changed::Deleted, Duration::ZERO)
    );
    assert_eq!(upstream.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_less_time_than_the_first_knows_nothing_when_it_is_up() {
    let slow = Fate {
        made: Some(2 * SECOND),
        answer: Said::Truth,
    };
    let upstream = Upstream::with(records()).changing([slow]);
    let (deduplicated, _cut) = deduplicated(&upstream);
    let (first, second) = tokio::join!(heard(&deduplicated, 3 * SECOND), heard(&deduplicated, SECOND));
    first.0.expect("it is made");
    assert_eq!((shows(unknown(&second.0)), second.1), (None, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_change_for_which_nobody_waits_is_not_sent_and_one_that_was_sent_is_finished() {
    let slow = Fate {
        made: Some(SECOND),
        answer: Said::Truth,
    };
    let upstream = Upstream::with(records())
        .listing(|_| Listed::Slowly(SECOND))
        .changing([slow]);
    let (deduplicated, _cut) = deduplicated(&upstream);
    for (leaves, sent) in [(SECOND / 2, 0), (SECOND * 3 / 2, 1)] {
        let caller = caller();
        let mut left = Box::pin(deletes(&deduplicated, &caller));
        timeout(leaves, &mut left).await.expect_err("it goes on");
        drop(left);
        sleep(2 * SECOND).await;
        assert_eq!(upstream.sent(), sent, "after {leaves:?}");
    }
    let told = deletes(&deduplicated, &caller()).await;
    assert_eq!(told.expect("it is recorded"), Changed::Deleted);
    assert_eq!(upstream.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_sent_if_one_of_those_who_ask_stays() {
    let upstream = Upstream::with(records()).listing(|_| Listed::Slowly(SECOND));
    let (deduplicated, _cut) = deduplicated(&upstream);
    let (first, second) = (caller(), caller());
    let mut leaves = task::spawn(deletes(&deduplicated, &first));
    assert_pending!(leaves.poll());
    let mut stays = task::spawn(deletes(&deduplicated, &second));
    assert_pending!(stays.poll());
    drop(leaves);
    assert_eq!(stays.await.expect("it is made"), Changed::Deleted);
    assert_eq!(upstream.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_looked_for_again_at_the_cut_is_a_read_that_was_cut_off() {
    let lost = Fate {
        made: NEVER,
        answer: Said::Reset,
    };
    // The list before, and looks; then none is answered.
    let upstream = Upstream::with(records()).changing([lost]);
    let (deduplicated, cut) = deduplicated(&upstream);
    let (told, _) = heard(&deduplicated, SECOND).await;
    assert_eq!(shows(unknown(&told)), Some(Shows::Present));
    let upstream = upstream.listing(|_| Listed::Nothing);
    let caller = caller();
    let mut again = task::spawn(deletes(&deduplicated, &caller));
    assert_pending!(again.poll());
    cut.make();
    // What was seen at first is told.
    assert_eq!(shows(unknown(&again.await)), Some(Shows::Present));
    let counted = cut.so_far();
    assert_eq!((counted.changes, counted.reads, counted.unsent), (0, 1, 0));
    assert_eq!(upstream.sent(), 1);
}
