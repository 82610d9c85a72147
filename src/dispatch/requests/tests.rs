//! What is recorded, as values, and against a model. Time is paused.

use std::collections::HashMap;

use proptest::prelude::*;
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};

use super::super::order::Order;
use super::*;
use crate::upstream::operation::DeleteExtension;
use crate::upstream::value::Id;
use crate::wire::Extension;

const ANYBODY: Identity = Identity::Anonymous;

fn id(number: u128) -> RequestId {
    RequestId(Uuid::from_u128(number))
}

fn change(i_c_ext: i64) -> Change {
    let parse = |id| Id::parse(id).expect("an id");
    Change::Delete(DeleteExtension {
        i_customer: parse(1),
        i_c_ext: parse(i_c_ext),
    })
}

fn begin(requests: &Requests, number: u128) -> Begun {
    requests
        .begin(ANYBODY, id(number), &change(1))
        .expect("it is taken")
}

fn ticket(requests: &Requests, number: u128) -> Ticket {
    match begin(requests, number) {
        Begun::New(ticket, _told) => ticket,
        other => panic!("{other:?}"),
    }
}

/// The claim of a deletion among so many records.
fn claim(records: i32) -> Arc<Claim> {
    let Change::Delete(delete) = change(1) else {
        unreachable!("it is a deletion");
    };
    let list: Vec<_> = (0..records).map(|_| Extension::default()).collect();
    Arc::new(Claim::new(Order::Delete(delete), Some(&list)))
}

fn failed() -> Outcome {
    Err(Arc::new(Error::Empty))
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_meanwhile_waits_and_whoever_asks_later_is_told() {
    let requests = Requests::default();
    let ticket = ticket(&requests, 1);
    let Begun::InFlight(mut told) = begin(&requests, 1) else {
        panic!("it is in flight");
    };
    assert!(told.borrow_and_update().is_none());
    ticket.end(Ok(Changed::Deleted), Becomes::Recorded);
    assert!(told.borrow().as_ref().is_some_and(Result::is_ok));
    advance(KEPT.saturating_sub(Duration::from_millis(1))).await;
    assert!(matches!(begin(&requests, 1), Begun::Ended(Ok(Changed::Deleted))));
    advance(Duration::from_millis(1)).await;
    assert!(matches!(begin(&requests, 1), Begun::New(..)));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_of_one_change() {
    let requests = Requests::default();
    let _ticket = ticket(&requests, 1);
    let other = requests.begin(ANYBODY, id(1), &change(2));
    assert_eq!(other.err(), Some(RefusedId::Reused));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_is_made_and_what_is_unknown_is_not_until_it_is_seen() {
    let requests = Requests::default();
    ticket(&requests, 1).end(failed(), Becomes::Forgotten);
    ticket(&requests, 1).end(failed(), Becomes::Unknown);
    assert!(matches!(begin(&requests, 1), Begun::Unknown(_, None)));
    requests.settle(ANYBODY, id(1), &change(2), Changed::Deleted);
    assert!(
        matches!(begin(&requests, 1), Begun::Unknown(..)),
        "that was another change"
    );
    requests.settle(ANYBODY, id(1), &change(1), Changed::Deleted);
    assert!(matches!(begin(&requests, 1), Begun::Ended(Ok(Changed::Deleted))));
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_kept_for_as_long_as_it_is_asked_for() {
    let requests = Requests::default();
    ticket(&requests, 1).end(failed(), Becomes::Unknown);
    for _ in 0..5 {
        advance(KEPT / 3 * 2).await;
        assert!(matches!(begin(&requests, 1), Begun::Unknown(..)));
    }
    advance(KEPT).await;
    assert!(matches!(begin(&requests, 1), Begun::New(..)));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_lost_is_an_unknown_outcome_if_the_change_may_have_been_sent() {
    let requests = Requests::default();
    for is_sent in [false, true] {
        let mut lost = ticket(&requests, 1);
        let Begun::InFlight(told) = begin(&requests, 1) else {
            panic!("it is in flight");
        };
        if is_sent {
            lost.sends(Some(claim(0)));
        }
        drop(lost);
        assert!(told.borrow().as_ref().is_some_and(Result::is_err));
        match begin(&requests, 1) {
            Begun::New(..) => assert!(!is_sent),
            Begun::Unknown(_, kept) => assert!(is_sent && kept.is_some(), "it can be looked for"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_abandoned_when_nobody_waits_for_it() {
    let requests = Requests::default();
    let Begun::New(ticket, first) = begin(&requests, 1) else {
        panic!("it is new");
    };
    let mut abandoned = task::spawn(ticket.abandoned());
    let Begun::InFlight(second) = begin(&requests, 1) else {
        panic!("it is in flight");
    };
    drop(first);
    assert_pending!(abandoned.poll());
    drop(second);
    assert_ready!(abandoned.poll());
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_stays_unknown_and_is_not_looked_for() {
    let (requests, records) = (Requests::default(), 1 << 20);
    let kept = |number| match begin(&requests, number) {
        Begun::Unknown(_, kept) => kept.is_some(),
        other => panic!("{other:?}"),
    };
    let most = ROOM / claim(records).size();
    for number in 0..=most as u128 {
        let mut ticket = ticket(&requests, number);
        ticket.sends(Some(claim(records)));
        ticket.end(failed(), Becomes::Unknown);
        assert_eq!(kept(number), number < most as u128, "{number}");
    }
    requests.settle(ANYBODY, id(0), &change(1), Changed::Deleted);
    let mut next = ticket(&requests, u128::MAX);
    next.sends(Some(claim(records)));
    next.end(failed(), Becomes::Unknown);
    assert!(kept(u128::MAX), "one has made way");
}

#[tokio::test(start_paused = true)]
async fn an_identity_has_so_many_ids_and_those_that_are_old_make_way() {
    let requests = Requests::default();
    for number in 0..MOST as u128 {
        ticket(&requests, number).end(Ok(Changed::Deleted), Becomes::Recorded);
    }
    let more = || requests.begin(ANYBODY, id(u128::MAX), &change(1));
    assert_eq!(more().err(), Some(RefusedId::Quota(MOST)));
    assert!(
        matches!(begin(&requests, 7), Begun::Ended(_)),
        "those that there are go on"
    );
    advance(KEPT).await;
    let _one = more().expect("there is room");
    let held = requests.lock();
    assert_eq!(
        (held[&ANYBODY].by_id.len(), held[&ANYBODY].expiring.len()),
        (1, 0)
    );
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(u128, i64),
    /// The oldest that is in flight ends: recorded, unknown, forgotten, lost.
    End(u8),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..5_u128, 1..3_i64).prop_map(|(number, change)| Step::Begin(number, change)),
        3 => (0..4_u8).prop_map(Step::End),
        1 => (0..400_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..100)
}

/// What the model knows of an id: its change, and how it ended, when.
type Known = HashMap<u128, (i64, Option<(u8, Instant)>)>;

proptest! {
    #[test]
    fn an_id_is_begun_anew_only_if_nothing_was_sent_or_it_is_long_ago(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (requests, mut known, mut flying) = (Requests::default(), Known::new(), VecDeque::new());
            for step in steps {
                let now = Instant::now();
                known.retain(|_, (_, ended)| ended.is_none_or(|(_, at)| at + KEPT > now));
                match step {
                    Step::Begin(number, of) => {
                        let begun = requests.begin(ANYBODY, id(number), &change(of));
                        match (known.get_mut(&number), begun) {
                            (None, Ok(Begun::New(mut ticket, _told))) => {
                                ticket.sends(None);
                                known.insert(number, (of, None));
                                flying.push_back((number, ticket));
                            }
                            (Some((other, _)), Err(RefusedId::Reused)) => assert_ne!(*other, of),
                            (Some((same, ended)), Ok(begun)) => {
                                assert_eq!(*same, of);
                                match (ended.map(|(how, _)| how), begun) {
                                    (None, Begun::InFlight(_)) | (Some(0), Begun::Ended(Ok(_))) => {}
                                    (Some(how @ (1 | 3)), Begun::Unknown(_, None)) => *ended = Some((how, now)),
                                    other => panic!("{other:?}"),
                                }
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    Step::End(how) => {
                        let Some((number, ticket)) = flying.pop_front() else { continue };
                        match how {
                            0 => ticket.end(Ok(Changed::Deleted), Becomes::Recorded),
                            1 => ticket.end(failed(), Becomes::Unknown),
                            2 => ticket.end(failed(), Becomes::Forgotten),
                            _ => drop(ticket),
                        }
                        if how == 2 {
                            known.remove(&number);
                        } else if let Some((_, ended)) = known.get_mut(&number) {
                            *ended = Some((how, now));
                        }
                    }
                    Step::Wait(seconds) => advance(Duration::from_secs(seconds)).await,
                }
            }
        });
    }
}
