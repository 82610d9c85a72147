//! The contract on an upstream that is left alone because it fails.

use std::collections::BTreeMap;

use super::*;

/// How many queries are watched: more than are polled at one time, by far.
const FEEDS: i64 = 1_000;

fn scene(customer: i64) -> Scene {
    Scene::of(1).of_customer(i32::try_from(customer).expect("a customer"))
}

fn scenes() -> Upstream {
    Upstream::scripted(|asked| Answer {
        // As long as an answer takes: polls that wait for their turns are seen to.
        after: Duration::from_millis(5),
        reply: Reply::Scene(scene(asked.customer)),
    })
}

#[tokio::test(start_paused = true)]
async fn a_feed_whose_upstream_is_left_alone_is_down_and_keeps_its_state() {
    let upstream = scenes().with_breaker();
    let gateway = Gateway::new(&upstream, even());
    let (mut stream, mut held) = begin(&gateway).await;
    let begun = Instant::now();
    upstream.set(Reply::Closed);
    let down = loop {
        let event = stream.event().await;
        held.apply(&event);
        if let Some(Event::FeedState(state)) = event.event
            && state.cause.as_ref().map(|cause| told(&as_status(cause)).1)
                == Some("UPSTREAM_BREAKER_OPEN".to_owned())
        {
            break event.freshness;
        }
    };
    assert_eq!(down, i32::from(Freshness::Down));
    assert!(
        begun.elapsed() < 30 * SECOND,
        "long before the state is old: {:?}",
        begun.elapsed()
    );
    assert_eq!(held.state, scene(1).told());

    // Who comes now is told what was so, and that it is old; who asks for another state, that there is none.
    let mut late = gateway.watch(request(1)).await;
    held.apply(&late.event().await);
    assert_eq!(held.state, scene(1).told());
    let status = gateway.open(request(2)).await.expect_err("nothing is known");
    assert_eq!(told(&status).1, "WATCH_NO_POLL");

    upstream.take_script_of(&scenes());
    loop {
        let event = stream.event().await;
        held.apply(&event);
        if event.freshness() == Freshness::Live {
            break;
        }
        assert_eq!(event.freshness(), Freshness::Down, "until the next good poll");
    }
    assert_eq!(held.state, scene(1).told());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_feeds_leave_a_failing_upstream_alone_and_do_not_come_back_at_once() {
    let upstream = scenes().with_breaker();
    let gateway = Gateway::new(&upstream, even());
    let mut streams = Vec::new();
    for customer in 1..=FEEDS {
        streams.push(gateway.watch(request(customer)).await);
    }
    upstream.set(Reply::Closed);
    let before = upstream.count();
    pass(12 * SECOND).await;
    // Those that were under way when it opened, and one after each pause.
    let reached = upstream.count() - before;
    assert!(
        reached <= 40,
        "{reached} polls of {FEEDS} feeds in twelve seconds"
    );
    let is_all = |name| gateway.feeds().iter().all(|feed| feed.freshness == Some(name));
    assert!(is_all("DOWN"));

    upstream.take_script_of(&scenes());
    let well = Instant::now();
    while !is_all("LIVE") {
        pass(100 * MILLI).await;
        assert!(well.elapsed() < 24 * SECOND, "two pauses at the most");
    }
    let mut by_moment = BTreeMap::<u128, i64>::new();
    for poll in upstream.polls().iter().filter(|poll| poll.started >= well) {
        *by_moment
            .entry((poll.started - well).as_millis() / 100)
            .or_default() += 1;
    }
    // Spread over an interval of two seconds they are fifty in each tenth of a second.
    let most = by_moment.values().max().copied().unwrap_or_default();
    assert!(most < FEEDS / 8, "{by_moment:?}");
}
