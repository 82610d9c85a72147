//! The contract on how streams end, and on limits.

use super::*;

// --- how streams end ---

#[tokio::test(start_paused = true)]
async fn a_watcher_that_makes_no_progress_for_60_s_is_ended() {
    let gateway = gateway_over(Scene::of(1));
    let (mut stuck, _) = begin(&gateway).await;
    let (mut slow, _) = begin(&gateway).await;
    // Both look once more, so that only what comes later is pending.
    assert!(timeout(SECOND, stuck.next()).await.is_err());
    assert!(timeout(SECOND, slow.next()).await.is_err());
    gateway.upstream.show(Scene::of(2));
    pass(59 * SECOND).await;
    assert_eq!(slow.event().await.version, 2);
    pass(3 * SECOND).await;
    let (events, status) = stuck.rest().await;
    assert_eq!(events, []);
    assert_eq!(
        told(&status),
        (Code::ResourceExhausted, "SLOW_CONSUMER".to_owned(), true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_without_news_is_not_stuck_however_long_it_stays_away() {
    let gateway = gateway_over(Scene::of(1));
    let (mut stream, _) = begin(&gateway).await;
    pass(600 * SECOND).await;
    assert!(is_bookmark(&stream.event().await));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_the_stream() {
    let gateway = gateway_over(Scene::of(1));
    let begun = Instant::now();
    let mut stream = gateway.open_within(request(1), Some(7 * SECOND)).await.unwrap();
    let (_, status) = stream.rest().await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(begun.elapsed(), (7 * SECOND).saturating_sub(MARGIN));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_rotated_with_a_goodbye_and_a_good_token() {
    let gateway = gateway_over(Scene::of(1));
    let (mut stream, mut held) = begin(&gateway).await;
    let begun = Instant::now();
    let (events, status) = stream.rest().await;
    assert_eq!(begun.elapsed(), 30 * 60 * SECOND);
    assert_eq!(status.code(), Code::Ok);
    let [.., bookmark, last] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(is_bookmark(bookmark), "{bookmark:?}");
    assert!(
        matches!(&last.event, Some(Event::Goodbye(bye)) if bye.reason() == goodbye::Reason::Rotated),
        "{last:?}"
    );
    held.apply(last);
    let mut again = gateway.watch(resume(1, &held.token)).await;
    assert!(is_bookmark(&again.event().await));
}

#[tokio::test(start_paused = true)]
async fn rotations_are_spread_by_a_tenth() {
    let upstream = Upstream::always(Reply::Scene(Scene::of(1)));
    let gateway = Gateway::new(&upstream, Params::default());
    let begun = Instant::now();
    let mut ends = Vec::new();
    let mut streams = JoinSet::new();
    for _ in 0..20 {
        let mut stream = gateway.watch(request(1)).await;
        streams.spawn(async move { stream.rest().await.1 });
    }
    while let Some(status) = streams.join_next().await {
        assert_eq!(status.unwrap().code(), Code::Ok);
        ends.push(begun.elapsed().as_secs());
    }
    assert!(
        ends.iter().all(|end| (27 * 60..=33 * 60).contains(end)),
        "{ends:?}"
    );
    assert!(ends.last().unwrap() - ends[0] > 60, "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_goodbye_to_all_and_lets_nobody_in() {
    let gateway = gateway_over(Scene::of(2));
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(begin(&gateway).await.0);
    }
    gateway.hub.drain().await;
    let mut waits = Vec::new();
    for mut stream in streams {
        let (events, status) = stream.rest().await;
        assert_eq!(told(&status), (Code::Unavailable, "DRAINING".to_owned(), true));
        let [bookmark, last] = &events[..] else {
            panic!("{events:?}")
        };
        assert!(is_bookmark(bookmark));
        let Some(Event::Goodbye(goodbye)) = &last.event else {
            panic!("{last:?}")
        };
        assert_eq!(goodbye.reason(), goodbye::Reason::Draining);
        waits.push(Duration::try_from(goodbye.reconnect_after.unwrap()).unwrap());
    }
    waits.sort();
    assert!(
        waits[10] < 8 * SECOND && waits[90] > 12 * SECOND && waits[99] <= 20 * SECOND,
        "{waits:?}"
    );
    assert_eq!(told(&refused(&gateway, request(1)).await).1, "DRAINING");
    assert_eq!(told(&refused(&gateway, request(2)).await).1, "DRAINING");
}

#[tokio::test(start_paused = true)]
async fn a_state_older_than_the_caller_accepts_ends_the_stream() {
    let gateway = gateway_over(Scene::of(2));
    let max_staleness = Some(prost_types::Duration { seconds: 4, nanos: 0 });
    let mut stream = gateway
        .watch(ActiveCallsRequest {
            max_staleness,
            ..request(1)
        })
        .await;
    stream.event().await;
    gateway.upstream.set(Reply::Status(503));
    let begun = Instant::now();
    let (_, status) = stream.rest().await;
    assert_eq!(told(&status), (Code::Unavailable, "WATCH_STALE".to_owned(), true));
    assert_eq!(begun.elapsed(), 4 * SECOND);
}

/// With `good + self.max_staleness` in watcher.rs this panics, with the feed locked: no clock goes so far.
#[tokio::test(start_paused = true)]
async fn any_staleness_can_be_accepted() {
    let gateway = gateway_over(Scene::of(2));
    let max_staleness = Some(prost_types::Duration {
        seconds: i64::MAX,
        nanos: 0,
    });
    let mut stream = gateway
        .watch(ActiveCallsRequest {
            max_staleness,
            ..request(1)
        })
        .await;
    assert_eq!(reason(&stream.event().await), Some(Reason::Initial));
}

/// With the frames before the status made all at once, a reader of pauses is told `LIVE` by the last of them,
/// whatever has happened since.
#[tokio::test(start_paused = true)]
async fn what_is_told_at_the_end_is_so_when_it_is_told() {
    let params = Params {
        rotate_after: 20 * SECOND,
        ..even()
    };
    let gateway = with(params);
    let (mut stream, _) = begin(&gateway).await;
    pass(SECOND).await;
    gateway.upstream.show(Scene::of(4));
    pass(20 * SECOND).await;
    delta(&stream.event().await);
    gateway.upstream.set(Reply::Closed);
    pass(30 * SECOND).await;
    let (events, status) = stream.rest().await;
    assert_eq!(status.code(), Code::Ok);
    assert_eq!(events.len(), 3, "feed state, bookmark, goodbye: {events:?}");
    assert!(
        events.iter().all(|event| event.freshness() == Freshness::Stale),
        "{events:?}"
    );
}

/// A feed whose owner had panicked used to say LIVE for ever.
#[tokio::test(start_paused = true)]
async fn a_feed_whose_task_fails_ends_its_watches_and_the_next_watcher_starts_another() {
    let mut polls = 0;
    let upstream = Upstream::scripted(move |_| {
        polls += 1;
        assert!(polls != 2 && polls != 4, "a defect");
        Answer {
            after: Duration::ZERO,
            reply: Reply::Scene(Scene::of(2)),
        }
    });
    let failed = (Code::Unavailable, "FEED_FAILED".to_owned(), true);
    let gateway = Gateway::new(&upstream, even());
    let (mut stream, held) = begin(&gateway).await;
    let (events, status) = stream.rest().await;
    assert_eq!((events, told(&status)), (Vec::new(), failed.clone()));
    assert_eq!(gateway.hub.feeds().len(), 0, "its key is free");

    let (mut again, held) = {
        let mut stream = gateway.watch(resume(1, &held.token)).await;
        assert!(
            is_bookmark(&stream.event().await),
            "another feed, and the same state"
        );
        (stream, held)
    };
    assert_eq!(again.rest().await.1.code(), Code::Unavailable);
    let mut last = gateway.watch(resume(1, &held.token)).await;
    assert!(is_bookmark(&last.event().await));
    assert!(
        timeout(SECOND, gateway.hub.drain()).await.is_ok(),
        "it waits for nobody who is gone"
    );
    assert_eq!(told(&last.rest().await.1).1, "DRAINING");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_feed_that_fails_is_told_at_once() {
    let upstream = Upstream::scripted(|_| panic!("a defect"));
    let gateway = Gateway::new(&upstream, even());
    let begun = Instant::now();
    assert_eq!(told(&refused(&gateway, request(1)).await).1, "FEED_FAILED");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(gateway.watchers(), 0);
}

// --- limits ---

#[tokio::test(start_paused = true)]
async fn each_limit_is_refused_with_the_quota_that_is_used_up() {
    let small = |change: fn(&mut Params)| {
        let mut params = even();
        change(&mut params);
        with(params)
    };
    let gateways = [
        (
            small(|params| params.max_feed_watchers = 2),
            1,
            "watchers of one feed",
        ),
        (small(|params| params.max_watchers = 2), 2, "watchers"),
        (small(|params| params.max_feeds = 1), 2, "feeds"),
    ];
    for (gateway, customer, subject) in gateways {
        let streams = [gateway.watch(request(1)).await, gateway.watch(request(1)).await];
        for _ in 0..3 {
            let status = refused(&gateway, request(customer)).await;
            assert_eq!(told(&status).0, Code::ResourceExhausted);
            let details = status.get_error_details();
            let violations = &details.quota_failure().expect("a QuotaFailure").violations;
            assert_eq!(violations[0].subject, subject);
        }
        assert_eq!(gateway.watchers(), 2, "who was refused does not count");
        drop(streams);
        assert_eq!(gateway.watchers(), 0);
        pass(16 * SECOND).await;
        gateway.watch(request(customer)).await;
    }
}

/// One customer's product lists used to take every feed there is.
#[tokio::test(start_paused = true)]
async fn one_customer_has_64_feeds_at_most_and_takes_none_of_another() {
    let gateway = gateway_over(Scene::of(1));
    let mut streams = Vec::new();
    for product in 1..=64 {
        streams.push(gateway.watch(of_product(1, product)).await);
    }
    let status = refused(&gateway, of_product(1, 65)).await;
    assert_eq!(
        told(&status),
        (Code::ResourceExhausted, "WATCH_QUOTA".to_owned(), true)
    );
    let details = status.get_error_details();
    let violations = &details.quota_failure().expect("a QuotaFailure").violations;
    assert_eq!(violations[0].subject, "feeds of one customer");
    assert_eq!(violations[0].description, "at most 64");
    gateway.watch(of_product(1, 64)).await;
    gateway.watch(request(2)).await;
    gateway.of_license("other").watch(of_product(1, 65)).await;
    streams.pop();
    pass(16 * SECOND).await;
    gateway.watch(of_product(1, 65)).await;
}
