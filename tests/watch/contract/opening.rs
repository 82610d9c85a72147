//! The contract on how a watch opens and resumes.

use super::*;

// --- first event ---

#[tokio::test(start_paused = true)]
async fn without_a_good_poll_in_time_the_watch_is_unavailable() {
    for reply in [Reply::Hang, Reply::Status(503), Reply::Html, Reply::Empty] {
        let gateway = Gateway::new(&Upstream::always(reply), even());
        let begun = Instant::now();
        let status = refused(&gateway, request(1)).await;
        assert_eq!(
            told(&status),
            (Code::Unavailable, "WATCH_NO_POLL".to_owned(), true)
        );
        assert_eq!(begun.elapsed(), 5 * SECOND);
        let begun = Instant::now();
        let short = gateway.open_within(request(1), Some(2 * SECOND)).await;
        assert_eq!(told(&short.unwrap_err()).0, Code::Unavailable);
        assert_eq!(
            begun.elapsed(),
            (2 * SECOND).saturating_sub(MARGIN),
            "min(deadline, 5 s)"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_watch_opens_with_the_first_good_poll_and_its_state() {
    let upstream = Upstream::scripted(|asked| Answer {
        after: Duration::from_millis(300),
        reply: match asked.number {
            0 => Reply::Empty,
            _ => Reply::Scene(Scene::of(2)),
        },
    });
    let gateway = Gateway::new(&upstream, even());
    let begun = Instant::now();
    let (_, held) = begin(&gateway).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(2_600));
    assert_eq!(held.state, Scene::of(2).told());
}

#[tokio::test(start_paused = true)]
async fn a_query_that_the_upstream_refuses_is_refused_at_once() {
    for (status, code) in [
        (404, Code::NotFound),
        (400, Code::InvalidArgument),
        (501, Code::Unimplemented),
    ] {
        let gateway = Gateway::new(&Upstream::always(Reply::Status(status)), even());
        let begun = Instant::now();
        assert_eq!(refused(&gateway, request(1)).await.code(), code);
        assert!(begun.elapsed() <= MILLI);
    }
}

/// It used to be kept, and polled, for 15 s more.
#[tokio::test(start_paused = true)]
async fn a_query_that_is_refused_frees_its_feed_at_once() {
    for status in [404, 400, 501] {
        let gateway = Gateway::new(&Upstream::always(Reply::Status(status)), even());
        refused(&gateway, request(1)).await;
        pass(MILLI).await;
        assert_eq!(gateway.hub.feeds().len(), 0);
        pass(30 * SECOND).await;
        assert_eq!(gateway.upstream.count(), 1);
        gateway.upstream.show(Scene::of(2));
        gateway.watch(request(1)).await;
    }
}

/// Nobody is left who waits for it when its first answer comes.
#[tokio::test(start_paused = true)]
async fn a_query_that_is_refused_late_frees_its_feed_at_once_too() {
    let upstream = Upstream::scripted(|_| Answer {
        after: 7 * SECOND,
        reply: Reply::Status(404),
    });
    let gateway = Gateway::new(&upstream, even());
    assert_eq!(told(&refused(&gateway, request(1)).await).1, "WATCH_NO_POLL");
    pass(2 * SECOND + MILLI).await;
    assert_eq!(gateway.hub.feeds().len(), 0);
}

/// A customer that was there is not believed gone.
#[tokio::test(start_paused = true)]
async fn a_feed_that_has_a_state_lingers_though_its_query_is_refused() {
    let gateway = gateway_over(Scene::of(2));
    let (stream, held) = begin(&gateway).await;
    gateway.upstream.set(Reply::Status(404));
    pass(3 * SECOND).await;
    drop(stream);
    pass(10 * SECOND).await;
    let mut again = gateway.watch(resume(1, &held.token)).await;
    again.event().await;
}

/// A poll that outlived the linger used to be thrown away, and the next try began another.
#[tokio::test(start_paused = true)]
async fn a_feed_opens_as_long_as_polls_succeed_however_slow_they_are() {
    for seconds in [12, 28] {
        let after = seconds * SECOND;
        let upstream = Upstream::scripted(move |_| Answer {
            after,
            reply: Reply::Scene(Scene::of(2)),
        });
        let gateway = Gateway::new(&upstream, even());
        let begun = Instant::now();
        assert_eq!(told(&refused(&gateway, request(1)).await).1, "WATCH_NO_POLL");
        assert_eq!(begun.elapsed(), 5 * SECOND);
        // Later than the linger counts from the last watcher, and sooner than it counts from the first good poll.
        pass(after + 9 * SECOND).await;
        let polls = gateway.upstream.count();
        let begun = Instant::now();
        let (_, held) = begin(&gateway).await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "it is open");
        assert_eq!(held.state, Scene::of(2).told());
        assert_eq!(
            gateway.upstream.count(),
            polls,
            "of the poll that was begun for the first try"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_nobody_waits_for_ends_with_a_poll_that_fails() {
    let gateway = Gateway::new(&Upstream::always(Reply::Hang), even());
    refused(&gateway, request(1)).await;
    pass(24 * SECOND).await;
    assert_eq!(gateway.hub.feeds().len(), 1, "its poll may still end well");
    pass(2 * SECOND).await;
    assert_eq!(gateway.hub.feeds().len(), 0);
    pass(60 * SECOND).await;
    assert_eq!(gateway.upstream.count(), 1);
}

// --- resume ---

#[tokio::test(start_paused = true)]
async fn a_token_of_another_feed_is_an_invalid_argument() {
    let gateway = gateway_over(Scene::of(2));
    let (_stream, held) = begin(&gateway).await;
    let status = refused(&gateway, resume(2, &held.token)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let violations = &details.bad_request().expect("a BadRequest").field_violations;
    assert_eq!(violations[0].field, "resume_token");
    assert_eq!(violations[0].description, "is of another query");
}

#[tokio::test(start_paused = true)]
async fn a_damaged_token_is_a_snapshot_and_not_an_error() {
    let gateway = gateway_over(Scene::of(2));
    let mut stream = gateway.watch(resume(1, b"no token")).await;
    assert_eq!(reason(&stream.event().await), Some(Reason::TokenInvalid));
}

#[tokio::test(start_paused = true)]
async fn a_client_resumes_with_what_it_lacks_here_and_elsewhere() {
    let (here, there) = (gateway_over(Scene::of(2)), gateway_over(Scene::of(2)));
    let (stream, mut held) = begin(&here).await;
    let mut elsewhere = there.watch(resume(1, &held.token)).await;
    assert!(is_bookmark(&elsewhere.event().await), "the same state");
    drop(stream);
    for gateway in [&here, &there] {
        gateway.upstream.show(Scene::of(3));
    }
    pass(3 * SECOND).await;
    let mut other = there.watch(resume(1, &held.token)).await;
    assert_eq!(reason(&other.event().await), Some(Reason::EpochChanged));
    let event = here.watch(resume(1, &held.token)).await.event().await;
    assert_eq!(delta(&event).from_version, 1);
    held.apply(&event);
    assert_eq!(held.state, Scene::of(3).told());
}
