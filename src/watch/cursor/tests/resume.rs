//! Where a token resumes.

use super::*;

#[test]
fn a_token_in_the_ring_resumes_with_the_net_delta() {
    let mut log = log_of(&[(1, 0)]);
    let token = {
        let mut cursor = start(&log, b"");
        one(&mut log, &mut cursor).resume_token
    };
    advance(&mut log, &[(1, 1)], 2);
    advance(&mut log, &[(1, 2)], 3);
    let mut cursor = start(&log, &token);
    let event = one(&mut log, &mut cursor);
    assert_eq!(delta(&event).from_version, 1);
    assert_eq!((event.version, event.coalesced), (3, 1));
}

#[test]
fn an_old_token_is_never_an_error_but_a_snapshot_with_the_reason() {
    let mut log = log_of(&[(1, 0)]);
    let token = {
        let mut cursor = start(&log, b"");
        one(&mut log, &mut cursor).resume_token
    };
    let mut other = begin(FEED, EPOCH + 1, to_state(&rows(&[(2, 0)])), &params());
    let mut moved = start(&other, &token);
    assert_eq!(reason(&one(&mut other, &mut moved)), Some(Reason::EpochChanged));
    for step in 2..8 {
        advance(&mut log, &[(1, step)], step.into());
    }
    let mut expired = start(&log, &token);
    assert_eq!(reason(&one(&mut log, &mut expired)), Some(Reason::TokenExpired));
    let mut damaged = start(&log, &token[1..]);
    assert_eq!(reason(&one(&mut log, &mut damaged)), Some(Reason::TokenInvalid));
    let stranger = begin(FEED + 1, EPOCH, State::default(), &params());
    assert_eq!(Cursor::start(&stranger, &token).err(), Some(OtherFeed));
}

/// A token says a version and a state. One that says the present version and another state is no gateway's.
#[test]
fn a_token_of_a_state_that_never_was_is_answered_with_a_snapshot() {
    let mut log = log_of(&[(1, 0)]);
    for version in [1, 2] {
        let token = Token {
            feed: FEED,
            epoch: EPOCH,
            version,
            state: 1,
        };
        let mut cursor = start(&log, &token.encode());
        assert_eq!(reason(&one(&mut log, &mut cursor)), Some(Reason::TokenInvalid));
    }
}

#[test]
fn the_same_state_in_another_gateway_is_a_bookmark_only() {
    let mut log = log_of(&[(1, 0), (2, 5)]);
    let token = {
        let mut cursor = start(&log, b"");
        one(&mut log, &mut cursor).resume_token
    };
    let mut other = begin(FEED, EPOCH + 1, to_state(&rows(&[(9, 9)])), &params());
    advance(&mut other, &[(2, 5), (1, 0)], 2);
    let mut cursor = start(&other, &token);
    let event = one(&mut other, &mut cursor);
    assert!(matches!(event.event, Some(Event::Bookmark(_))), "{event:?}");
    assert_eq!(event.version, 2);
}

#[test]
fn a_state_that_came_back_is_a_bookmark_only() {
    let mut log = log_of(&[(1, 0)]);
    let token = {
        let mut cursor = start(&log, b"");
        one(&mut log, &mut cursor).resume_token
    };
    advance(&mut log, &[], 2);
    advance(&mut log, &[(1, 0)], 3);
    let mut cursor = start(&log, &token);
    let event = one(&mut log, &mut cursor);
    assert!(matches!(event.event, Some(Event::Bookmark(_))), "{event:?}");
    assert_eq!(event.version, 3);
}

/// The bookmark used to be of the present version, whatever happened between the open and the first look: the client was
/// told that it was current, and if it left then, the change was lost to it for good.
#[test]
fn a_change_between_open_and_first_look_is_not_hidden_by_the_bookmark() {
    let mut log = log_of(&[(1, 0)]);
    let token = {
        let mut cursor = start(&log, b"");
        one(&mut log, &mut cursor).resume_token
    };
    let mut held = Held::of(1, &rows(&[(1, 0)]));
    let mut cursor = start(&log, &token);
    advance(&mut log, &[(2, 0)], 2);
    let first = cursor
        .next(&mut log, HEARTBEAT, Instant::now())
        .map(|frame| decode(&frame))
        .unwrap();
    held.apply(&first);
    assert_eq!(
        held,
        Held::of(2, &rows(&[(2, 0)])),
        "current with the first event"
    );

    let mut other = begin(FEED, EPOCH + 1, to_state(&rows(&[(1, 0)])), &params());
    let mut cursor = start(&other, &token);
    advance(&mut other, &[(2, 0)], 2);
    let first = one(&mut other, &mut cursor);
    assert_eq!(
        reason(&first),
        Some(Reason::EpochChanged),
        "its version is of another epoch"
    );
}
