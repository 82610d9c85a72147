//! Where bodies are read, and how many at one time. The readers here wait until they are told to go on.

use std::sync::mpsc;
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_test::{assert_pending, assert_ready, task};

use super::*;

/// A reader that says that it has begun, and ends when its sender does.
fn waits(begun: &UnboundedSender<()>) -> (mpsc::Sender<()>, impl FnOnce() + Send + 'static) {
    let (end, ended) = mpsc::channel::<()>();
    let begun = begun.clone();
    let read = move || {
        begun.send(()).expect("the test listens");
        let _ = ended.recv();
    };
    (end, read)
}

async fn begins(begun: &mut UnboundedReceiver<()>) {
    begun.recv().await.expect("a reader begins");
}

#[tokio::test]
async fn a_small_body_is_read_at_once_and_a_large_one_elsewhere() {
    let reading = Reading::default();
    let here = thread::current().id();
    let place = || thread::current().id();
    let mut small = task::spawn(reading.run(LARGE - 1, place));
    assert_eq!(assert_ready!(small.poll()), here);
    assert_ne!(reading.run(LARGE, place).await, here);
}

#[tokio::test]
async fn large_bodies_are_read_a_few_at_a_time_in_the_order_of_their_arrival() {
    let reading = Reading::default();
    let (said, mut begun) = unbounded_channel();
    let mut readers = JoinSet::new();
    let mut ends = Vec::new();
    for _ in 0..AT_ONE_TIME {
        let (end, read) = waits(&said);
        let reading = reading.clone();
        readers.spawn(async move { reading.run(LARGE, read).await });
        ends.push(end);
        begins(&mut begun).await;
    }
    let (end, read) = waits(&said);
    let mut third = task::spawn(reading.run(LARGE, read));
    let mut fourth = task::spawn(reading.run(LARGE, || ()));
    assert_pending!(third.poll());
    assert_pending!(fourth.poll());

    drop(ends.pop());
    readers.join_next().await.expect("a reader").expect("it ends");
    assert!(third.is_woken() && !fourth.is_woken());
    assert_pending!(third.poll());
    begins(&mut begun).await;
    drop((end, ends));
    third.await;
    fourth.await;
}

#[tokio::test]
async fn a_caller_that_leaves_takes_no_turn_with_it() {
    let reading = Reading::default();
    let (said, mut begun) = unbounded_channel();
    let (end, read) = waits(&said);
    let mut left = task::spawn(reading.run(LARGE, read));
    assert_pending!(left.poll());
    begins(&mut begun).await;
    drop(left);
    assert_eq!(
        reading.turns.available_permits(),
        AT_ONE_TIME - 1,
        "what is being read is counted, whoever has left"
    );
    drop(end);
    let all = u32::try_from(AT_ONE_TIME).expect("a few");
    let all = reading.turns.acquire_many(all).await.expect("it is open");

    let mut left = task::spawn(reading.run(LARGE, || panic!("it had no turn")));
    assert_pending!(left.poll());
    drop((left, all));
    reading.run(LARGE, || ()).await;
}

#[tokio::test]
#[should_panic(expected = "the reader failed")]
async fn a_reader_that_panics_panics_here() {
    Reading::default()
        .run(LARGE, || panic!("the reader failed"))
        .await;
}
