//! The contract on failures, freshness and silence.

use super::*;

// --- failure ---

#[tokio::test(start_paused = true)]
async fn no_failure_empties_the_state_or_makes_a_version() {
    let scene = Scene::of(5);
    for failure in [
        Reply::Status(500),
        Reply::Status(429),
        Reply::Hang,
        Reply::Closed,
        Reply::Html,
        Reply::Empty,
        Reply::Blank,
        Reply::Cut(scene.clone(), 50),
        Reply::Cut(scene.clone(), 99),
        Reply::Renamed(scene.clone(), "lstportaActiveCalls"),
        Reply::Renamed(scene.clone(), "ExtensionsActiveCalls"),
        // The last two are read by another thread.
        Reply::Hollow("lstportaActiveCalls", 1_000),
        Reply::Hollow("lstportaActiveCalls", 100_000),
        Reply::Hollow("ExtensionsActiveCalls", 100_000),
    ] {
        let gateway = gateway_over(scene.clone());
        let (mut stream, mut held) = begin(&gateway).await;
        let begun = Instant::now();
        gateway.upstream.set(failure.clone());
        let mut transitions = Vec::new();
        while transitions.len() < 2 {
            let event = stream.event().await;
            held.apply(&event);
            assert_eq!(event.version, 1, "{failure:?}");
            if let Some(Event::FeedState(state)) = &event.event {
                let cause = state.cause.as_ref().map(|cause| told(&as_status(cause)).1);
                let cause = cause.expect("a state that is not live has a cause");
                assert!(!cause.is_empty(), "{failure:?}");
                transitions.push((begun.elapsed().as_secs(), event.freshness()));
            }
        }
        assert_eq!(transitions, [(10, Freshness::Stale), (60, Freshness::Down)]);
        assert_eq!(held.state, scene.told(), "{failure:?}");
        let mut late = gateway.watch(request(1)).await;
        held.apply(&late.event().await);
        assert_eq!(held.state, scene.told(), "{failure:?}");
        assert!(matches!(late.event().await.event, Some(Event::FeedState(_))));
        gateway.upstream.show(scene.clone());
        let mut event = stream.event().await;
        while is_bookmark(&event) {
            event = stream.event().await;
        }
        assert_eq!(event.freshness(), Freshness::Live);
    }
}

/// The feed used to be live, and every call to have ended.
#[tokio::test(start_paused = true)]
async fn a_column_whose_name_is_damaged_is_not_an_empty_one() {
    for column in ["lstportaActiveCalls", "ExtensionsActiveCalls"] {
        let scene = Scene::of(3);
        let gateway = gateway_over(scene.clone());
        let (mut stream, mut held) = begin(&gateway).await;
        gateway.upstream.set(Reply::Renamed(scene.clone(), column));
        let event = stream.event().await;
        held.apply(&event);
        assert_eq!(
            (event.freshness(), &held.state),
            (Freshness::Stale, &scene.told())
        );
        let cause = as_status(feed_state(&event).cause.as_ref().expect("a cause"));
        let expected = (Code::Internal, "UPSTREAM_COLUMN_MISSING".to_owned(), false);
        assert_eq!(told(&cause), expected, "{column}");
    }
    for column in ["ExtensionLst", "License", "FeatureName"] {
        let gateway = gateway_over(Scene::default());
        gateway.upstream.set(Reply::Renamed(Scene::of(3), column));
        let (_, held) = begin(&gateway).await;
        assert_eq!(held.state, Scene::of(3).told(), "{column} is not of the watch");
    }
}

/// The watch used to show them.
#[tokio::test(start_paused = true)]
async fn the_rows_of_another_customer_are_a_failed_poll() {
    let scene = Scene::of(3).of_customer(1);
    let (mut calls, mut statuses) = (scene.clone(), scene.clone());
    calls.calls[2].i_customer = 66;
    statuses.statuses[2].i_customer = 66;
    for foreign in [calls, statuses, Scene::of(4).of_customer(66)] {
        let gateway = gateway_over(scene.clone());
        let (mut stream, mut held) = begin(&gateway).await;
        gateway.upstream.show(foreign.clone());
        let event = stream.event().await;
        held.apply(&event);
        assert_eq!(
            (event.freshness(), &held.state),
            (Freshness::Stale, &scene.told())
        );
        let cause = as_status(feed_state(&event).cause.as_ref().expect("a cause"));
        let expected = (Code::Internal, "UPSTREAM_WRONG_CUSTOMER".to_owned(), false);
        assert_eq!(told(&cause), expected);
        // What was read meanwhile is not taken for known.
        gateway.upstream.show(scene.clone());
        let event = stream.event().await;
        held.apply(&event);
        assert_eq!((event.freshness(), &held.state), (Freshness::Live, &scene.told()));

        let gateway = gateway_over(foreign);
        assert_eq!(told(&refused(&gateway, request(1)).await).1, "WATCH_NO_POLL");
    }
}

/// The cause used to have no details, the wait to be 0 while a poll was under way, and whoever came later to be told
/// what was so at the transition.
#[tokio::test(start_paused = true)]
async fn a_feed_state_tells_the_facts_of_the_moment_in_which_it_is_told() {
    let wait = |event: &ActiveCallsResponse| {
        let wait = feed_state(event).next_poll_in;
        wait.map(|wait| Duration::try_from(wait).expect("no wait is negative"))
    };
    let gateway = gateway_over(Scene::of(2));
    let (mut stream, _) = begin(&gateway).await;
    gateway.upstream.set(Reply::Status(503));
    // Polls fail after 2, 4, 8 and 13 s.
    let first = stream.event().await;
    assert_eq!(first.freshness(), Freshness::Stale);
    assert_eq!(wait(&first), Some(3 * SECOND));
    let cause = as_status(feed_state(&first).cause.as_ref().expect("a cause"));
    let expected = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned(), true);
    assert_eq!(told(&cause), expected);
    assert_eq!(feed_state(&first).last_good_at, first.observed_at);

    pass(Duration::from_millis(1_500)).await;
    let (mut late, _) = begin(&gateway).await;
    let later = late.event().await;
    assert_eq!(wait(&later), Some(Duration::from_millis(1_500)));
    assert_eq!(feed_state(&later).since, feed_state(&first).since);

    gateway.upstream.set(Reply::Status(401));
    pass(2 * SECOND).await;
    let (mut later, _) = begin(&gateway).await;
    let later = later.event().await;
    let cause = as_status(feed_state(&later).cause.as_ref().expect("a cause"));
    let expected = (Code::Internal, "UPSTREAM_LICENSE_REJECTED".to_owned(), false);
    assert_eq!(told(&cause), expected, "of the last poll, not of the transition");
}

#[tokio::test(start_paused = true)]
async fn while_the_poll_under_way_has_no_answer_yet_that_is_the_cause() {
    let gateway = with(even());
    let (mut stream, _) = begin(&gateway).await;
    gateway.upstream.set(Reply::Hang);
    let event = stream.event().await;
    let state = feed_state(&event);
    assert_eq!(event.freshness(), Freshness::Stale);
    assert_eq!(state.next_poll_in, None, "a poll is under way");
    let cause = as_status(state.cause.as_ref().expect("a cause"));
    let expected = (Code::Unavailable, "WATCH_POLL_PENDING".to_owned(), true);
    assert_eq!(told(&cause), expected);
}

#[tokio::test(start_paused = true)]
async fn a_sudden_emptiness_is_confirmed_by_one_more_poll() {
    let gateway = gateway_over(Scene::of(3));
    let (mut stream, _) = begin(&gateway).await;
    let begun = Instant::now();
    gateway.upstream.show(Scene::default());
    let event = stream.event().await;
    assert_eq!(delta(&event).ended.len(), 3);
    assert_eq!(
        begun.elapsed().as_millis(),
        2_500,
        "the next poll, and one a quarter of an interval later"
    );
    let few = gateway_over(Scene::of(2));
    let (mut stream, _) = begin(&few).await;
    let begun = Instant::now();
    few.upstream.show(Scene::default());
    assert_eq!(delta(&stream.event().await).ended.len(), 2);
    assert_eq!(begun.elapsed(), 2 * SECOND, "two calls may end at once");
}

#[tokio::test(start_paused = true)]
async fn an_emptiness_that_is_not_confirmed_was_none() {
    let upstream = Upstream::scripted(|asked| Answer {
        after: Duration::ZERO,
        reply: match asked.number {
            1 | 3 => Reply::Scene(Scene::default()),
            2 => Reply::Status(500),
            _ => Reply::Scene(Scene::of(3)),
        },
    });
    let gateway = Gateway::new(&upstream, even());
    let (mut stream, _) = begin(&gateway).await;
    let event = stream.event().await;
    assert!(is_bookmark(&event), "{event:?}");
    assert!(upstream.count() > 6);
}

// --- heartbeat ---

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_bookmark_after_the_heartbeat_that_is_clamped() {
    let asked = |seconds| prost_types::Duration { seconds, nanos: 0 };
    for (heartbeat, expected) in [
        (None, 15),
        (Some(asked(0)), 1),
        (Some(asked(7)), 7),
        (Some(asked(3600)), 60),
    ] {
        let gateway = gateway_over(Scene::of(2));
        let watch = ActiveCallsRequest {
            heartbeat,
            ..request(1)
        };
        let mut stream = gateway.watch(watch).await;
        stream.event().await;
        for _ in 0..3 {
            let begun = Instant::now();
            let event = stream.event().await;
            assert_eq!(begun.elapsed(), expected * SECOND);
            let Some(Event::Bookmark(bookmark)) = event.event else {
                panic!("{event:?}")
            };
            assert_eq!(bookmark.next_within, Some(asked(i64::from(expected))));
        }
    }
}
