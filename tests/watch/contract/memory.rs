//! The contract on memory: what the watch holds has a limit, whatever its readers do, and those who read do not notice.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use portico::lifecycle::stream::{self, ConnectionId, Outcome};
use portico::watch::MemoryInfo;
use portico::wire::ExtensionStatus;

use super::*;
use crate::scene::status;

const MIB: usize = 1024 * 1024;

/// As many rows of about half a kilobyte, each as of a version of its own.
fn rows(count: i32, version: impl Fn(i32) -> usize) -> Scene {
    let row = |id| ExtensionStatus {
        note: Some(format!("{:0500}", version(id))),
        ..status(id)
    };
    Scene {
        calls: Vec::new(),
        statuses: (0..count).map(row).collect(),
    }
}

fn with_memory(memory: usize, scene: Scene) -> Gateway {
    let params = Params { memory, ..even() };
    Gateway::new(&Upstream::always(Reply::Scene(scene)), params)
}

/// What the one feed holds.
fn memory(gateway: &Gateway) -> MemoryInfo {
    let [feed] = &gateway.hub.feeds()[..] else {
        panic!("one feed");
    };
    feed.memory
}

/// A watch that is read until the middle of its snapshot's first message; what was read of it last is still held.
async fn stuck(gateway: &Gateway) -> (Stream, Bytes) {
    let mut stream = gateway.watch(request(1)).await;
    stream.piece().await;
    let held = stream.piece().await;
    (stream, held)
}

/// Each used to hold a snapshot of its own: twenty states.
#[tokio::test(start_paused = true)]
async fn readers_who_stop_in_snapshots_of_many_versions_hold_one_state_and_what_changed() {
    let gateway = gateway_over(rows(2000, |_| 0));
    let first = stuck(&gateway).await;
    let one = memory(&gateway).frames;
    assert!(one > 2000 * 500);
    let mut others = Vec::new();
    for version in 1..20_i32 {
        // One row after the other is another.
        gateway
            .upstream
            .show(rows(2000, |id| usize::from(id % 100 == 0 && id / 100 < version)));
        pass(3 * SECOND).await;
        others.push(stuck(&gateway).await);
    }
    let all = memory(&gateway).frames;
    assert!(all < 2 * one, "{all} bytes, and one state has {one}");
    let (_, same) = others.pop().unwrap();
    let mut again = gateway.watch(request(1)).await;
    again.piece().await;
    assert_eq!(again.piece().await.as_ptr(), same.as_ptr(), "one page is in both");
    drop((first, others, same, again));
    pass(3 * SECOND).await;
    assert_eq!(memory(&gateway).frames, 0, "nobody holds anything");
}

#[tokio::test(start_paused = true)]
async fn over_the_limit_the_slowest_are_ended_and_those_who_read_are_not() {
    let gateway = with_memory(8 * MIB, rows(1000, |_| 0));
    let mut healthy = gateway.watch(request(1)).await;
    let mut held = Held::default();
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        loop {
            let event = healthy.event().await;
            held.apply(&event);
            if event.version == 30 && held.is_whole() {
                return held;
            }
        }
    });
    let (mut slow, mut most) = (Vec::new(), 0);
    for version in 1..30 {
        slow.push(stuck(&gateway).await);
        gateway.upstream.show(rows(1000, |_| version));
        for _ in 0..30 {
            pass(100 * MILLI).await;
            most = most.max(memory(&gateway).all_feeds);
        }
    }
    let limit = memory(&gateway).limit;
    assert!(limit == 8 * MIB && most < limit, "{most} bytes");
    assert!(most > limit / 2, "{most} bytes: nothing was tried");
    let held = reading.join_next().await.unwrap().expect("it is not ended");
    assert_eq!(held.state, rows(1000, |_| 29).told());
    let (mut last, _) = slow.pop().unwrap();
    assert_eq!(reason(&last.event().await), Some(Reason::Initial), "it may go on");
    let (mut first, _) = slow.swap_remove(0);
    let (events, status) = first.rest().await;
    assert_eq!(events.len(), 1, "the message that was begun is told to its end");
    let expected = (Code::ResourceExhausted, "SLOW_CONSUMER".to_owned(), true);
    assert_eq!(told(&status), expected);
}

/// It was asked for something to send before all the others, and had nothing: it holds nothing.
#[tokio::test(start_paused = true)]
async fn a_watcher_who_has_read_everything_is_not_taken_for_a_slow_one() {
    let version = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::scripted({
        let version = version.clone();
        move |asked| Answer {
            after: MILLI,
            reply: Reply::Scene(match asked.customer {
                1 => rows(1000, |_| version.load(Ordering::Relaxed)),
                _ => rows(10, |_| 0),
            }),
        }
    });
    let params = Params {
        memory: 6 * MIB,
        ..even()
    };
    let gateway = Gateway::new(&upstream, params);
    let idle = gateway.watch(ActiveCallsRequest {
        heartbeat: Some(prost_types::Duration {
            seconds: 60,
            nanos: 0,
        }),
        ..request(2)
    });
    let mut idle = idle.await;
    idle.event().await;
    assert!(timeout(MILLI, idle.next()).await.is_err(), "it waits for news");
    let mut slow = Vec::new();
    for next in 1..16 {
        slow.push(stuck(&gateway).await);
        version.store(next, Ordering::Relaxed);
        pass(3 * SECOND).await;
    }
    let (mut first, _) = slow.swap_remove(0);
    assert_eq!(told(&first.rest().await.1).1, "SLOW_CONSUMER", "memory was short");
    assert!(is_bookmark(&idle.event().await), "it goes on");
}

#[tokio::test(start_paused = true)]
async fn rings_are_shortened_before_anybody_is_ended() {
    let gateway = with_memory(10 * MIB, rows(1000, |_| 0));
    let (mut stream, mut held) = begin(&gateway).await;
    while !held.is_whole() {
        held.apply(&stream.event().await);
    }
    let mut slow = stuck(&gateway).await;
    drop(stream);
    for version in 1..10 {
        gateway.upstream.show(rows(1000, |_| version));
        pass(3 * SECOND).await;
        assert!(memory(&gateway).all_feeds < 10 * MIB);
    }
    let mut again = gateway.watch(resume(1, &held.token)).await;
    assert_eq!(reason(&again.event().await), Some(Reason::TokenExpired));
    slow.0.event().await;
    let mut next = slow.0.event().await;
    while matches!(&next.event, Some(Event::Snapshot(part)) if part.more) {
        next = slow.0.event().await;
    }
    assert_eq!(reason(&next), Some(Reason::Initial), "it is read to its end");
}

#[tokio::test(start_paused = true)]
async fn a_feed_beyond_the_memory_is_refused_and_an_answer_beyond_it_fails_the_poll() {
    let gateway = with_memory(2 * MIB, rows(100, |_| 0));
    let (mut stream, mut held) = begin(&gateway).await;
    gateway.upstream.show(rows(2000, |_| 0));
    pass(20 * SECOND).await;
    let event = stream.event().await;
    assert_eq!(event.freshness(), Freshness::Stale);
    let cause = as_status(feed_state(&event).cause.as_ref().expect("a cause"));
    assert_eq!(
        told(&cause),
        (Code::ResourceExhausted, "WATCH_MEMORY".to_owned(), true)
    );
    held.apply(&event);
    assert_eq!(held.state, rows(100, |_| 0).told(), "the state stays");
    assert!(memory(&gateway).all_feeds < MIB);

    gateway.upstream.show(rows(800, |_| 0));
    let live = stream.event().await;
    assert_eq!(live.freshness(), Freshness::Live, "one that fits is taken");
    let no_poll = refused(&gateway, request(2)).await;
    assert_eq!(told(&no_poll).1, "WATCH_NO_POLL", "there is no room for two");
    assert!(gateway.hub.feeds()[0].memory.all_feeds < 2 * MIB);
    // Nobody watches the first any more: it is kept only while nobody needs the room.
    drop(stream);
    pass(SECOND).await;
    assert_eq!(gateway.hub.feeds().len(), 2);
    while gateway.open(request(2)).await.is_err() {
        pass(SECOND).await;
    }
    assert_eq!(memory(&gateway).limit, 2 * MIB, "there is one feed");
}

#[tokio::test(start_paused = true)]
async fn no_feed_is_started_when_states_fill_their_part_of_the_memory() {
    let gateway = with_memory(MIB, rows(10, |_| 0));
    let mut streams = Vec::new();
    let refused = loop {
        let customer = i64::try_from(streams.len()).unwrap() + 1;
        match gateway.open(request(customer)).await {
            Ok(stream) => streams.push(stream),
            Err(status) => break status,
        }
    };
    assert!(streams.len() > 10, "{} feeds", streams.len());
    let expected = (Code::ResourceExhausted, "WATCH_QUOTA".to_owned(), true);
    assert_eq!(told(&refused), expected);
    let details = refused.get_error_details();
    let limit = details.quota_failure().expect("a QuotaFailure").violations[0].clone();
    assert_eq!(
        (&*limit.subject, &*limit.description),
        ("bytes of memory", "at most 1048576")
    );
    assert!(gateway.open(request(1)).await.is_ok(), "a feed that is there");
    assert!(gateway.hub.feeds()[0].memory.all_feeds < MIB);
}

/// Its window is shut: it can be told nothing, and what it was handed stays in the connection's buffer.
#[tokio::test(start_paused = true)]
async fn the_stream_of_whoever_does_not_read_why_it_is_ended_is_reset() {
    let gateway = with_memory(8 * MIB, rows(1000, |_| 0));
    let answer = {
        let gateway = gateway.clone();
        stream::Stream::new(ConnectionId::next()).answer(3600 * SECOND, async move {
            let _held = stuck(&gateway).await;
            pending::<()>().await;
        })
    };
    let mut ended = JoinSet::new();
    ended.spawn(answer);
    let mut others = Vec::new();
    let mut version = 0;
    let outcome = loop {
        if let Some(outcome) = ended.try_join_next() {
            break outcome.expect("it does not panic");
        }
        others.push(stuck(&gateway).await);
        version += 1;
        assert!(version < 30, "it is not ended");
        gateway.upstream.show(rows(1000, |_| version));
        pass(3 * SECOND).await;
    };
    assert_eq!(outcome, Outcome::Reset);
    assert!(
        others.len() > 2,
        "{}: it is the slowest, and there was room",
        others.len()
    );
}
