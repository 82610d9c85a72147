//! How an answer ends, polled by hand.

use std::future::{pending, poll_fn};
use std::sync::Arc;

use tokio_test::task;
use tokio_test::{assert_pending, assert_ready_eq};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

fn stream() -> Stream {
    Stream::new(ConnectionId::next())
}

#[test]
fn connections_have_ids_of_their_own() {
    let stream = stream();
    assert_eq!(stream.clone().connection(), stream.connection());
    assert_ne!(ConnectionId::next(), ConnectionId::next());
}

#[tokio::test]
async fn the_stream_is_known_inside_its_answer_only() {
    assert!(Stream::current().is_none());
    let stream = stream();
    let id = stream.connection();
    let look = async move { assert_eq!(Stream::current().map(|stream| stream.connection()), Some(id)) };
    assert_eq!(stream.answer(PATIENCE, look).await, Outcome::Done);
    assert!(Stream::current().is_none());
}

#[test]
fn a_reset_wakes_the_task_and_ends_the_answer() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let stream = stream();
    let mut answer = task::spawn(stream.clone().answer(PATIENCE, async move {
        pending::<()>().await;
        drop(inside);
    }));
    assert_pending!(answer.poll());
    assert!(!answer.is_woken());
    stream.reset();
    assert!(answer.is_woken());
    assert_ready_eq!(answer.poll(), Outcome::Reset);
    drop(answer);
    assert_eq!(Arc::strong_count(&held), 1, "what the answer held is dropped");
}

#[test]
fn a_reset_before_the_first_poll_counts() {
    let stream = stream();
    stream.reset();
    let mut answer = task::spawn(stream.answer(PATIENCE, async { unreachable!("the task is not polled") }));
    assert_ready_eq!(answer.poll(), Outcome::Reset);
}

/// Hands out a piece at each poll whose `turn` says so, takes the last one first, and never ends.
async fn hands_out(turns: &'static [Option<bool>]) {
    let mut turns = turns.iter();
    poll_fn(move |_| {
        let stream = Stream::current().expect("a stream");
        // `None`: the peer has no room, so the body is not even asked.
        if let Some(Some(more)) = turns.next() {
            stream.taken();
            if *more {
                stream.hand_out();
            }
        }
        std::task::Poll::<()>::Pending
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_piece_that_is_not_taken_in_time_ends_the_answer() {
    let mut answer = task::spawn(stream().answer(PATIENCE, hands_out(&[Some(true)])));
    assert_pending!(answer.poll());
    tokio::time::advance(9 * PATIENCE / 10).await;
    assert_pending!(answer.poll());
    tokio::time::advance(PATIENCE / 5).await;
    assert!(answer.is_woken());
    assert_ready_eq!(answer.poll(), Outcome::Unread);
}

#[tokio::test(start_paused = true)]
async fn each_piece_has_the_whole_time() {
    let mut answer = task::spawn(stream().answer(PATIENCE, hands_out(&[Some(true), None, Some(true)])));
    for _ in 0..3 {
        assert_pending!(answer.poll());
        tokio::time::advance(PATIENCE / 3).await;
    }
    tokio::time::advance(PATIENCE / 2).await;
    assert_pending!(answer.poll());
    tokio::time::advance(PATIENCE / 3).await;
    assert_ready_eq!(answer.poll(), Outcome::Unread);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_nothing_to_say_is_not_unread() {
    let mut answer = task::spawn(stream().answer(PATIENCE, hands_out(&[Some(true), Some(false)])));
    assert_pending!(answer.poll());
    assert_pending!(answer.poll());
    tokio::time::advance(100 * PATIENCE).await;
    assert!(!answer.is_woken(), "it has no timer");
    assert_pending!(answer.poll());
}
