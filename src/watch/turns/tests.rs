//! The turns, hand-polled.

use tokio::time::advance;

use super::*;
use crate::upstream::value::Id;
use crate::upstream::{License, Transport};

/// Enough for a share of one each.
const SLOTS: usize = 4;

fn customer(number: i64) -> Customer {
    Customer {
        license: License::parse("default", "secret", Transport::Routes).unwrap(),
        i_customer: Id::parse(number).unwrap(),
    }
}

fn turns() -> Arc<Turns> {
    Arc::new(Turns::new(SLOTS))
}

/// Lines up for each customer.
fn line_up(turns: &Arc<Turns>, customers: impl IntoIterator<Item = i64>) -> Vec<Place> {
    let places = customers
        .into_iter()
        .map(|number| turns.line_up(customer(number)));
    places.collect()
}

/// The turns of those who have got theirs just now, by place.
fn got(places: &mut [Place]) -> Vec<(usize, Turn)> {
    let places = places.iter_mut().enumerate();
    places
        .filter_map(|(index, place)| Some((index, place.at_once()?)))
        .collect()
}

fn who(got: &[(usize, Turn)]) -> Vec<usize> {
    got.iter().map(|(index, _)| *index).collect()
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_in_the_order_in_which_customers_came() {
    let turns = turns();
    let mut places = line_up(&turns, 1..=7);
    let mut held = got(&mut places);
    assert_eq!(who(&held), [0, 1, 2, 3]);
    for next in 4..7 {
        drop(held.remove(0));
        let more = got(&mut places);
        assert_eq!(who(&more), [next]);
        held.extend(more);
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_at_its_share_is_passed_by_others_and_keeps_its_place() {
    let turns = turns();
    let mut places = line_up(&turns, [1, 1, 2]);
    let held = got(&mut places);
    assert_eq!(who(&held), [0, 2]);
    drop(held);
    assert_eq!(who(&got(&mut places)), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_becomes_slow_makes_room_for_a_quick_one() {
    let turns = turns();
    let mut places = line_up(&turns, 1..=5);
    let mut held = got(&mut places);
    held[0].1.note(true);
    assert_eq!(who(&got(&mut places)), [4]);
}

#[tokio::test(start_paused = true)]
async fn customers_known_to_be_slow_hold_half_of_the_slots_and_none_of_the_quick_ones() {
    let turns = turns();
    for (_, mut turn) in got(&mut line_up(&turns, 1..=4)) {
        turn.note(true);
    }
    let mut places = line_up(&turns, 1..=8);
    let mut held = got(&mut places);
    assert_eq!(who(&held), [0, 1, 4, 5, 6, 7]);
    // The first is quick again: it is the next slow one's turn, and then one more of its own.
    held[0].1.note(false);
    drop(held.remove(0));
    assert_eq!(who(&got(&mut places)), [2]);
    assert_eq!(
        who(&got(&mut line_up(&turns, [1]))),
        [] as [usize; 0],
        "the quick ones are taken"
    );
    drop(held.pop());
    assert_eq!(who(&got(&mut line_up(&turns, [1]))), [0]);
}

#[tokio::test(start_paused = true)]
async fn turns_of_all_kinds_have_a_limit() {
    let turns = turns();
    let mut places = line_up(&turns, 1..=100);
    let mut held = Vec::new();
    loop {
        let mut more = got(&mut places);
        if more.is_empty() {
            break;
        }
        for (_, turn) in &mut more {
            turn.note(true);
        }
        held.extend(more);
    }
    assert_eq!(held.len(), MOST * SLOTS);
    drop(held.pop());
    assert_eq!(got(&mut places).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_line_leaves_the_turn_to_the_next() {
    let turns = turns();
    let mut places = line_up(&turns, 1..=7);
    let held = got(&mut places);
    // One that waits, and one that has its turn and never saw it.
    drop(places.remove(4));
    drop(held);
    drop(places.remove(4));
    assert_eq!(turns.lock().quick, 1);
    let mut others = line_up(&turns, 11..=14);
    assert_eq!(who(&got(&mut others[..3])), [0, 1, 2]);
    drop(places);
    assert_eq!(who(&got(&mut others)), [3]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_remembered_of_quick_customers_and_of_slow_ones_for_a_while() {
    let turns = turns();
    let is_known = |number| turns.lock().customers.contains_key(&customer(number));
    let mut places = line_up(&turns, 1..=6);
    let mut held = got(&mut places);
    held[0].1.note(true);
    held[1].1.note(false);
    drop((held, places));
    drop(line_up(&turns, [7]));
    assert_eq!([1, 2, 5, 6, 7].map(is_known), [true, false, false, false, false]);
    advance(REMEMBERED).await;
    for (_, mut turn) in got(&mut line_up(&turns, [8])) {
        turn.note(true);
    }
    assert_eq!([1, 8].map(is_known), [false, true]);
}
