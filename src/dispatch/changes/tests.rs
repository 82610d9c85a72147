//! Changes over a small upstream that is honest about what it has done, in paused time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::change::Replacement;
use super::super::tests::{
    AT_ONCE, DEADLINE, Fate, LATE, Listed, NEVER, Said, Upstream, account, caller, delete, done, each, id,
    new, record, records, shows, text, unknown, update,
};
use super::*;
use crate::lifecycle::Readiness;
use crate::upstream::operation::NewExtension;
use crate::upstream::{Kind, Shows};

mod laws;
mod places;

/// The changes of a gateway over `upstream`, and what cuts them off.
fn changes(upstream: &Upstream) -> Changes {
    Changes::new(
        Asking::new(upstream.client(), Readiness::default()),
        Cut::default(),
        Metrics::new(&crate::telemetry::metrics::nowhere()),
    )
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_told_as_it_is_and_nothing_is_asked_after_it() {
    for (change, made, _) in each() {
        let before = usize::from(change.is_compared());
        let upstream = Upstream::with(records());
        let told = changes(&upstream).make(&caller(), change).await;
        assert_eq!(told.expect("it is made"), made);
        assert_eq!((upstream.sent(), upstream.listed()), (1, before));
    }
    for (change, ..) in each() {
        let refused = Fate {
            made: NEVER,
            answer: Said::Truth,
        };
        let before = usize::from(change.is_compared());
        let upstream = Upstream::with(records()).changing([refused]);
        let told = changes(&upstream).make(&caller(), change).await;
        let kind = told.expect_err("it is refused").kind();
        assert!(matches!(kind, Kind::AlreadyExists | Kind::Conflict), "{kind:?}");
        assert_eq!((upstream.sent(), upstream.listed()), (1, before));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_made_is_told_although_its_answer_is_lost() {
    for answer in [Said::Reset, Said::Nothing, Said::BadGateway] {
        for made in [AT_ONCE, LATE] {
            for (change, expected, _) in each() {
                let started = Instant::now();
                let upstream = Upstream::with(records()).changing([Fate { made, answer }]);
                let told = changes(&upstream).make(&caller(), change).await;
                let told = told.unwrap_or_else(|error| panic!("{answer:?} {made:?}: {error:?}"));
                assert_eq!(told, expected, "{answer:?} {made:?}");
                assert_eq!(upstream.sent(), 1, "{answer:?} {made:?}");
                let longest = match answer {
                    Said::Nothing => DEADLINE,
                    _ if made == LATE => Duration::from_millis(800),
                    _ => Duration::from_millis(1),
                };
                assert!(started.elapsed() <= longest, "{:?}", started.elapsed());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_seen_is_unknown_until_the_deadline_and_what_is_seen_is_told() {
    for answer in [Said::Reset, Said::Nothing, Said::BadGateway] {
        for (change, _, expected) in each() {
            let started = Instant::now();
            let upstream = Upstream::with(records()).changing([Fate { made: NEVER, answer }]);
            let told = changes(&upstream).make(&caller(), change).await;
            assert_eq!(shows(unknown(&told)), Some(expected), "{answer:?}");
            assert_eq!(upstream.sent(), 1, "{answer:?}");
            let waited = started.elapsed();
            assert!(waited <= DEADLINE && waited + MOMENT >= DEADLINE, "{waited:?}");
            assert!(
                upstream.listed() > 3,
                "{answer:?}: it is looked for again and again"
            );
        }
    }
}

const MOMENT: Duration = Duration::from_millis(20);

#[tokio::test(start_paused = true)]
async fn what_happens_just_before_the_deadline_is_seen() {
    let made = Some(DEADLINE.saturating_sub(MOMENT));
    let slowly = |_| Listed::Slowly(Duration::from_millis(5));
    for answer in [Said::Reset, Said::Nothing, Said::BadGateway] {
        for (change, expected, _) in each() {
            // The read before takes some of the time.
            let upstream = Upstream::with(records()).listing(slowly);
            let upstream = upstream.changing([Fate {
                made: made.map(|made| made.saturating_sub(MOMENT)),
                answer,
            }]);
            let told = changes(&upstream).make(&caller(), change).await;
            assert_eq!(told.expect("it is seen"), expected);
        }
    }
}

/// Its answer comes while it is looked for.
#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_not_given_up_for_looking() {
    let slow = Fate {
        made: Some(DEADLINE.saturating_sub(MOMENT)),
        answer: Said::Truth,
    };
    let lists = |number| {
        if number == 0 {
            Listed::Truth
        } else {
            Listed::Failed
        }
    };
    for (change, expected, _) in each() {
        let upstream = Upstream::with(records()).changing([slow]).listing(lists);
        let told = changes(&upstream).make(&caller(), change).await;
        assert_eq!(told.expect("the answer"), expected);
        assert!(upstream.listed() > 1);
    }
}

#[tokio::test(start_paused = true)]
async fn lists_that_fail_or_are_of_another_customer_say_nothing_and_are_read_again() {
    for trouble in [
        Listed::Failed,
        Listed::Unreachable,
        Listed::Foreign,
        Listed::Nothing,
    ] {
        for (change, expected, _) in each() {
            let before = usize::from(change.is_compared());
            // Of an update it is known which record it is, whosever list it is in.
            if trouble == Listed::Foreign && before == 0 {
                continue;
            }
            let after = move |number| if number < before { Listed::Truth } else { trouble };
            let upstream = Upstream::with(records())
                .changing([done(Said::Reset)])
                .listing(after);
            let told = changes(&upstream).make(&caller(), change.clone()).await;
            assert_eq!(unknown(&told), Seen::NotAsked, "{trouble:?}");
            assert_eq!(upstream.sent(), 1);
            assert!(upstream.listed() > before + 1, "{trouble:?}");

            let once = move |number| if number == before { trouble } else { Listed::Truth };
            let upstream = Upstream::with(records())
                .changing([done(Said::Reset)])
                .listing(once);
            let told = changes(&upstream).make(&caller(), change).await;
            assert_eq!(told.expect("the second look"), expected, "{trouble:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_last_is_told_although_later_looks_fail() {
    for (change, _, expected) in each() {
        let before = usize::from(change.is_compared());
        let one = move |number| {
            if number <= before {
                Listed::Truth
            } else {
                Listed::Nothing
            }
        };
        let unmade = Fate {
            made: NEVER,
            answer: Said::Reset,
        };
        let upstream = Upstream::with(records()).changing([unmade]).listing(one);
        let told = changes(&upstream).make(&caller(), change).await;
        assert_eq!(shows(unknown(&told)), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_not_sent_if_the_upstream_cannot_be_asked_what_there_is() {
    for (trouble, kind) in [
        (Listed::Unreachable, Kind::Unreachable),
        (Listed::Nothing, Kind::DeadlinePassed),
    ] {
        for (change, ..) in each().into_iter().filter(|(change, ..)| change.is_compared()) {
            let upstream = Upstream::with(records()).listing(move |_| trouble);
            let told = changes(&upstream).make(&caller(), change).await;
            assert_eq!(told.expect_err("nothing is known").cause().kind(), kind);
            assert_eq!(upstream.sent(), 0, "{trouble:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_list_before_a_change_is_sent_and_a_lost_answer_is_lost_at_once() {
    let failed = |number| {
        if number == 0 {
            Listed::Failed
        } else {
            Listed::Truth
        }
    };
    for (change, made, _) in each().into_iter().filter(|(change, ..)| change.is_compared()) {
        let upstream = Upstream::with(records()).listing(failed);
        let told = changes(&upstream).make(&caller(), change.clone()).await;
        assert_eq!(told.expect("it is answered"), made);

        let started = Instant::now();
        let upstream = Upstream::with(records())
            .changing([done(Said::Reset)])
            .listing(failed);
        let told = changes(&upstream).make(&caller(), change).await;
        assert_eq!(unknown(&told), Seen::NotAsked);
        assert_eq!((upstream.sent(), upstream.listed()), (1, 1));
        assert!(started.elapsed() < MOMENT);
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_without_an_account_keeps_the_one_that_there_is() {
    let upstream = Upstream::with(records());
    let told = changes(&upstream).make(&caller(), update("Sales", None)).await;
    assert_eq!(
        told.expect("it is updated"),
        Changed::Record(record(1, "201", "Sales", 6))
    );
    let told = changes(&upstream).make(&caller(), update("Sales", Some(0))).await;
    assert_eq!(
        told.expect("it is updated"),
        Changed::Record(record(1, "201", "Sales", 0))
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_that_cannot_keep_the_account_is_not_sent() {
    let upstream = Upstream::with([record(2, "102", "Door", 0)]);
    let told = changes(&upstream).make(&caller(), update("Sales", None)).await;
    assert_eq!(told.expect_err("no such record").kind(), Kind::NotFound);
    assert_eq!(upstream.sent(), 0);
    for (trouble, kind) in [
        (Listed::Unreachable, Kind::Unreachable),
        (Listed::Failed, Kind::Failed),
        (Listed::Nothing, Kind::DeadlinePassed),
    ] {
        let upstream = Upstream::with(records()).listing(move |_| trouble);
        let told = changes(&upstream).make(&caller(), update("Sales", None)).await;
        assert_eq!(told.expect_err("the account is not known").cause().kind(), kind);
        assert_eq!(upstream.sent(), 0, "{trouble:?}");
    }
}

/// An upstream that answers once too often shifts the answers on a connection.
#[tokio::test(start_paused = true)]
async fn an_add_with_the_answer_to_another_is_looked_for() {
    let upstream = Upstream::with(records()).changing([done(Said::AnotherRecord)]);
    let told = changes(&upstream)
        .make(&caller(), Change::Add(new("Sales")))
        .await;
    let ours = record(5001, "201", "Sales", 7);
    assert_eq!(told.expect("it is seen"), Changed::Record(ours));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_slow_is_not_the_last_one() {
    let late = Fate {
        made: Some(Duration::from_millis(1_800)),
        answer: Said::Reset,
    };
    // After the list before, the first look takes more than half of the time that is left for all.
    let slow = |list| Listed::Slowly(Duration::from_millis(if list == 1 { 1_600 } else { 10 }));
    let upstream = Upstream::with(records()).changing([late]).listing(slow);
    let told = changes(&upstream).make(&caller(), delete(1)).await;
    assert_eq!(told.expect("it is seen"), Changed::Deleted);
}
