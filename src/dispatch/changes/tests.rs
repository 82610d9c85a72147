//! Changes over a small upstream that is honest about what it has done, in paused time.

use std::time::Duration;

use http::HeaderMap;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_test::{assert_pending, task};

use self::upstream::{Fate, Listed, Said, Upstream, done, record};
use super::super::change::Replacement;
use super::*;
use crate::caller::{Callers, Patience};
use crate::lifecycle::Readiness;
use crate::upstream::operation::{DeleteExtension, NewExtension};
use crate::upstream::value::{Id, OptionalId, Text};
use crate::upstream::{Kind, License, Shows, Transport};

mod laws;
mod upstream;

const DEADLINE: Duration = Duration::from_secs(3);

/// Not at all, at once, and late: for tables.
const NEVER: Option<Duration> = None;
const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
const LATE: Option<Duration> = Some(Duration::from_millis(300));

/// The changes of a gateway over `upstream`, and what cuts them off.
fn changes(upstream: &Upstream) -> Changes {
    Changes::new(
        Asking::new(upstream.client(), Readiness::default()),
        Cut::default(),
    )
}

fn caller() -> Caller {
    let license = License::parse(License::DEFAULT_NAME, "x", Transport::Routes).expect("a licence");
    let mut caller = Callers::with(license).of(&HeaderMap::new(), Patience::Bounded);
    caller.context.deadline = Some(Instant::now() + DEADLINE);
    caller
}

fn text(text: &str) -> Text {
    Text::parse(text, Transport::Routes).expect("a text")
}

fn id(id: i64) -> Id {
    Id::parse(id).expect("an id")
}

fn account(id: i64) -> OptionalId {
    OptionalId::parse(id).expect("an account")
}

fn new(name: &str) -> NewExtension {
    NewExtension {
        i_customer: id(1),
        name: text(name),
        id: text("201"),
        i_account: account(7),
    }
}

fn update(name: &str, i_account: Option<i64>) -> Change {
    Change::Update(Replacement {
        i_customer: id(1),
        i_c_ext: id(1),
        name: text(name),
        id: text("201"),
        i_account: i_account.map(account),
    })
}

fn delete(i_c_ext: i64) -> Change {
    Change::Delete(DeleteExtension {
        i_customer: id(1),
        i_c_ext: id(i_c_ext),
    })
}

/// What there is at the start.
fn records() -> [Extension; 2] {
    [record(1, "101", "Desk", 6), record(2, "102", "Door", 0)]
}

/// One change of each kind, what it makes, and what is seen while it has not.
fn each() -> [(Change, Changed, Shows); 4] {
    let added = || Changed::Record(record(5001, "201", "Sales", 7));
    let updated = Changed::Record(record(1, "201", "Sales", 7));
    [
        (Change::Add(new("Sales")), added(), Shows::Absent),
        (Change::AddGetIdentity(new("Sales")), added(), Shows::Absent),
        (update("Sales", Some(7)), updated, Shows::Different),
        (delete(1), Changed::Deleted, Shows::Present),
    ]
}

/// What is seen of a change whose outcome is unknown.
fn unknown(answer: Result<Changed, Error>) -> Seen {
    match answer {
        Err(Error::OutcomeUnknown { seen, .. }) => seen,
        other => panic!("{other:?}"),
    }
}

fn shows(seen: Seen) -> Option<Shows> {
    match seen {
        Seen::NotAsked => None,
        Seen::Listed { shows, .. } => Some(shows),
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_told_as_it_is_and_nothing_is_asked_after_it() {
    for (change, made, _) in each() {
        let before = usize::from(change.is_compared());
        let upstream = Upstream::with(records());
        let told = changes(&upstream).make(&caller(), change).await.told;
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
        let told = changes(&upstream).make(&caller(), change).await.told;
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
                let told = changes(&upstream).make(&caller(), change).await.told;
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
            let told = changes(&upstream).make(&caller(), change).await.told;
            assert_eq!(shows(unknown(told)), Some(expected), "{answer:?}");
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
            let told = changes(&upstream).make(&caller(), change).await.told;
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
        let told = changes(&upstream).make(&caller(), change).await.told;
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
            let told = changes(&upstream).make(&caller(), change.clone()).await.told;
            assert_eq!(unknown(told), Seen::NotAsked, "{trouble:?}");
            assert_eq!(upstream.sent(), 1);
            assert!(upstream.listed() > before + 1, "{trouble:?}");

            let once = move |number| if number == before { trouble } else { Listed::Truth };
            let upstream = Upstream::with(records())
                .changing([done(Said::Reset)])
                .listing(once);
            let told = changes(&upstream).make(&caller(), change).await.told;
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
        let told = changes(&upstream).make(&caller(), change).await.told;
        assert_eq!(shows(unknown(told)), Some(expected));
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
            let told = changes(&upstream).make(&caller(), change).await.told;
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
        let told = changes(&upstream).make(&caller(), change.clone()).await.told;
        assert_eq!(told.expect("it is answered"), made);

        let started = Instant::now();
        let upstream = Upstream::with(records())
            .changing([done(Said::Reset)])
            .listing(failed);
        let told = changes(&upstream).make(&caller(), change).await.told;
        assert_eq!(unknown(told), Seen::NotAsked);
        assert_eq!((upstream.sent(), upstream.listed()), (1, 1));
        assert!(started.elapsed() < MOMENT);
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_without_an_account_keeps_the_one_that_there_is() {
    let upstream = Upstream::with(records());
    let told = changes(&upstream)
        .make(&caller(), update("Sales", None))
        .await
        .told;
    assert_eq!(
        told.expect("it is updated"),
        Changed::Record(record(1, "201", "Sales", 6))
    );
    let told = changes(&upstream)
        .make(&caller(), update("Sales", Some(0)))
        .await
        .told;
    assert_eq!(
        told.expect("it is updated"),
        Changed::Record(record(1, "201", "Sales", 0))
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_that_cannot_keep_the_account_is_not_sent() {
    let upstream = Upstream::with([record(2, "102", "Door", 0)]);
    let told = changes(&upstream)
        .make(&caller(), update("Sales", None))
        .await
        .told;
    assert_eq!(told.expect_err("no such record").kind(), Kind::NotFound);
    assert_eq!(upstream.sent(), 0);
    for (trouble, kind) in [
        (Listed::Unreachable, Kind::Unreachable),
        (Listed::Failed, Kind::Failed),
        (Listed::Nothing, Kind::DeadlinePassed),
    ] {
        let upstream = Upstream::with(records()).listing(move |_| trouble);
        let told = changes(&upstream)
            .make(&caller(), update("Sales", None))
            .await
            .told;
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
        .await
        .told;
    let ours = record(5001, "201", "Sales", 7);
    assert_eq!(told.expect("it is seen"), Changed::Record(ours));
}

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
            let told = changes.make(&first, Change::Add(new("First"))).await.told;
            assert_eq!(upstream.sent(), 1);
            told
        },
        changes.make(&second, Change::Add(new("Second")))
    );
    first.expect("it is made");
    second.told.expect("it is made");
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
        let told = changes.make(&second, delete(2)).await.told;
        assert_eq!(started.elapsed(), DEADLINE / 2);
        told
    });
    assert_eq!(second.expect_err("it waited").kind(), Kind::Expired);
    assert_eq!(shows(unknown(first.told)), Some(Shows::Present));
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
    next.await.told.expect("it is made");
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
        tasks.spawn(async move { (changes.make(&caller(), delete(i_c_ext)).await.told, expected) });
        sleep(Duration::from_millis(1)).await;
    }
    changes.cut.make();
    let cut = Instant::now();
    for (told, expected) in tasks.join_all().await {
        assert_eq!(told.expect_err("it is cut off").kind(), expected);
    }
    let after = changes.make(&caller(), delete(2)).await.told;
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
    assert_eq!(shows(unknown(told.told)), Some(Shows::Present));
}
