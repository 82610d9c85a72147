//! How fresh what is told says it is.

use super::*;

/// The frame of a transition used to be the one of its moment: a watcher that had been told of later versions was sent
/// back to an earlier one, token and all.
#[test]
fn a_feed_state_that_is_told_late_is_of_the_present_version() {
    let mut log = log_of(&[(1, 0)]);
    let mut cursor = start(&log, b"");
    let mut held = Held::default();
    for event in told(&mut log, &mut cursor) {
        held.apply(&event);
    }
    log.tell(health(Freshness::Stale));
    log.tell(health(Freshness::Live));
    advance(&mut log, &[(2, 0)], 2);
    let events = told(&mut log, &mut cursor);
    for event in &events {
        held.apply(event);
    }
    assert_eq!(held, Held::of(2, &rows(&[(2, 0)])));
    let [delta, state] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(state.observed_at, Some(observed(2)));
    assert_eq!(state.resume_token, delta.resume_token);
}

/// A snapshot used to be made when the watch was opened, and to say `LIVE` however much later it was read.
#[test]
fn a_snapshot_is_of_the_moment_in_which_its_first_part_is_told() {
    let mut log = log_of(&[(1, 0)]);
    let mut cursor = start(&log, b"");
    advance(&mut log, &[(2, 0)], 2);
    log.tell(health(Freshness::Stale));
    let events = told(&mut log, &mut cursor);
    assert_eq!(events[0].freshness(), Freshness::Stale);
    let mut held = Held::default();
    for event in &events {
        held.apply(event);
    }
    assert_eq!(held, Held::of(2, &rows(&[(2, 0)])));
    assert!(matches!(events[1].event, Some(Event::FeedState(_))), "{events:?}");
    assert_eq!(events.len(), 2);
}

#[test]
fn whoever_comes_while_the_state_is_not_live_is_told_so() {
    let mut log = log_of(&[(1, 0)]);
    log.tell(health(Freshness::Stale));
    let mut cursor = start(&log, b"");
    let events = told(&mut log, &mut cursor);
    assert_eq!(events.len(), 2);
    assert!(matches!(events[1].event, Some(Event::FeedState(_))));
    log.tell(health(Freshness::Live));
    let mut cursor = start(&log, b"");
    assert_eq!(told(&mut log, &mut cursor).len(), 1, "live goes without saying");
}

#[test]
fn a_delta_made_while_stale_says_so() {
    let mut log = log_of(&[(1, 0)]);
    let mut cursor = start(&log, b"");
    told(&mut log, &mut cursor);
    advance(&mut log, &[(2, 0)], 2);
    log.tell(health(Freshness::Stale));
    let events = told(&mut log, &mut cursor);
    assert_eq!(delta(&events[0]).from_version, 1);
    assert!(events.iter().all(|event| event.freshness() == Freshness::Stale));
}
