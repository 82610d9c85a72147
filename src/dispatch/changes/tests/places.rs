//! One change at a time, and what becomes of those who wait, leave, or are cut off.

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_test::{assert_pending, task};

use super::*;

#[tokio::test(start_paused = true)]
async fn changes_of_one_customer_are_made_one_after_another_in_their_order() {
    let slow = Fate {
        made: Some(Duration::from_secs(1)),
        answer: Said::Truth,
    };
    let upstream = Upstream::with(records()).changing([slow; 2]);
    let changes = changes(&upstream);
    let (first, second) = (caller(), caller());
    let started = Instant::now();
    let (first, second) = tokio::join!(
        async {
            let told = changes.make(&first, Change::Add(new("First"))).await;
            assert_eq!(upstream.sent(), 1);
            told
        },
        changes.make(&second, Change::Add(new("Second")))
    );
    first.expect("it is made");
    second.expect("it is made");
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    let names: Vec<_> = upstream
        .records()
        .into_iter()
        .filter_map(|record| record.name)
        .collect();
    assert_eq!(names, ["Desk", "Door", "First", "Second"]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_place_until_the_deadline_has_sent_nothing() {
    let hanging = Fate {
        made: NEVER,
        answer: Said::Nothing,
    };
    let upstream = Upstream::with(records()).changing([hanging]);
    let changes = changes(&upstream);
    let (first, mut second) = (caller(), caller());
    second.context.deadline = Some(Instant::now() + DEADLINE / 2);
    let started = Instant::now();
    let (first, second) = tokio::join!(changes.make(&first, delete(1)), async {
        let told = changes.make(&second, delete(2)).await;
        assert_eq!(started.elapsed(), DEADLINE / 2);
        told
    });
    assert_eq!(second.expect_err("it waited").kind(), Kind::Expired);
    assert_eq!(shows(unknown(&first)), Some(Shows::Present));
    assert_eq!(upstream.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_change_is_sent_takes_it_along() {
    let upstream = Upstream::with(records()).listing(|_| Listed::Slowly(Duration::from_secs(1)));
    let changes = changes(&upstream);
    let left = timeout(Duration::from_millis(500), changes.make(&caller(), delete(1))).await;
    left.expect_err("it waits for the list");
    timeout(Duration::from_secs(3600), changes.ended())
        .await
        .expect("there is none");
    assert_eq!(upstream.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_finished_although_its_caller_leaves_and_keeps_its_place() {
    let slow = Fate {
        made: Some(Duration::from_secs(2)),
        answer: Said::Truth,
    };
    let upstream = Upstream::with(records()).changing([slow]);
    let changes = changes(&upstream);
    let left = timeout(Duration::from_secs(1), changes.make(&caller(), delete(1))).await;
    left.expect_err("it is not answered");
    let caller = caller();
    let mut next = task::spawn(changes.make(&caller, delete(2)));
    assert_pending!(next.poll());
    let mut ended = task::spawn(changes.ended());
    assert_pending!(ended.poll());
    sleep(Duration::from_millis(900)).await;
    assert_pending!(ended.poll());
    assert_pending!(next.poll());
    assert_eq!(upstream.sent(), 1);
    ended.await;
    assert_eq!(upstream.records(), records()[1..]);
    next.await.expect("it is made");
    assert_eq!(upstream.records(), []);
}

#[tokio::test(start_paused = true)]
async fn the_cut_answers_who_has_sent_and_who_has_not() {
    let hanging = Fate {
        made: NEVER,
        answer: Said::Nothing,
    };
    let upstream = Upstream::with(records()).changing([hanging]);
    let changes = changes(&upstream);
    let mut tasks = JoinSet::new();
    for (i_c_ext, expected) in [(1, Kind::OutcomeUnknown), (2, Kind::ShuttingDown)] {
        let changes = changes.clone();
        tasks.spawn(async move { (changes.make(&caller(), delete(i_c_ext)).await, expected) });
        sleep(Duration::from_millis(1)).await;
    }
    changes.cut.make();
    let cut = Instant::now();
    for (told, expected) in tasks.join_all().await {
        assert_eq!(told.expect_err("it is cut off").kind(), expected);
    }
    let after = changes.make(&caller(), delete(2)).await;
    assert_eq!(after.expect_err("it is too late").kind(), Kind::ShuttingDown);
    changes.ended().await;
    assert_eq!(cut.elapsed(), Duration::ZERO);
    assert_eq!(upstream.sent(), 1);
    let counted = changes.cut.so_far();
    assert_eq!((counted.changes, counted.reads, counted.unsent), (1, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn the_cut_tells_what_was_seen_last() {
    let unmade = Fate {
        made: NEVER,
        answer: Said::Reset,
    };
    let upstream = Upstream::with(records()).changing([unmade]);
    let changes = changes(&upstream);
    let cut = async {
        sleep(Duration::from_secs(1)).await;
        changes.cut.make();
    };
    let caller = caller();
    let (told, ()) = tokio::join!(changes.make(&caller, delete(1)), cut);
    assert_eq!(shows(unknown(&told)), Some(Shows::Present));
}
