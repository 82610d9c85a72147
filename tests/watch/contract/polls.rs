//! The contract on polls, keys, changes and versions.

use super::*;

// --- one poll ---

#[tokio::test(start_paused = true)]
async fn a_feed_is_polled_once_an_interval_however_many_watch() {
    let gateway = gateway_over(Scene::of(2));
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(gateway.watch(request(1)).await);
    }
    pass(20 * SECOND + MILLI).await;
    assert_eq!(gateway.upstream.count(), 11, "one at once, and one each 2 s");
}

#[tokio::test(start_paused = true)]
async fn the_wait_between_polls_varies_by_a_tenth() {
    let upstream = Upstream::always(Reply::Scene(Scene::of(1)));
    let gateway = Gateway::new(&upstream, Params::default());
    let _stream = gateway.watch(request(1)).await;
    pass(100 * SECOND).await;
    let polls = upstream.polls();
    let waits: Vec<_> = polls
        .windows(2)
        .map(|pair| pair[1].started - pair[0].started)
        .collect();
    let bounds = Duration::from_millis(1_800)..=Duration::from_millis(2_201);
    assert!(waits.iter().all(|wait| bounds.contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn polls_of_one_customer_share_a_limit() {
    let upstream = Upstream::always(Reply::Hang);
    let gateway = Gateway::new(
        &upstream,
        Params {
            concurrent_polls: 16,
            ..even()
        },
    );
    let mut opens = JoinSet::new();
    for product in 1..6 {
        let gateway = gateway.clone();
        opens.spawn(async move { gateway.open(of_product(1, product)).await.map(drop) });
    }
    let opened = opens.join_all().await;
    assert!(opened.iter().all(Result::is_err));
    assert_eq!(upstream.count(), 2, "the others wait for their turn");
    // A wait for a turn used to keep a feed that nobody watched, and to be followed by a poll for nobody.
    pass(15 * SECOND + MILLI).await;
    assert_eq!(
        gateway.hub.feeds().len(),
        2,
        "those whose poll may still end well"
    );
    pass(11 * SECOND).await;
    assert_eq!(gateway.hub.feeds().len(), 0);
    assert_eq!(upstream.count(), 2, "nobody was polled for nobody");
}

/// It used to be polled, and those who were watched waited behind it.
#[tokio::test(start_paused = true)]
async fn a_feed_that_nobody_watches_any_more_leaves_its_turn_to_the_next() {
    let upstream = Upstream::scripted(|asked| Answer {
        after: if asked.products == "3" {
            Duration::ZERO
        } else {
            7 * SECOND
        },
        reply: Reply::Scene(Scene::of(2)),
    });
    let gateway = Gateway::new(
        &upstream,
        Params {
            concurrent_polls: 1,
            ..even()
        },
    );
    let (first, second) = (gateway.open(of_product(1, 1)), gateway.open(of_product(1, 2)));
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err() && second.is_err(), "no answer within 5 s");
    let mut third = gateway.watch(of_product(1, 3)).await;
    assert_eq!(reason(&third.event().await), Some(Reason::Initial));
    let asked = upstream.polls().into_iter().map(|poll| poll.asked.products);
    assert_eq!(asked.collect::<Vec<_>>(), ["1", "3"]);
    let kept = gateway.hub.feeds().into_iter().map(|feed| feed.product_ids);
    assert_eq!(
        kept.collect::<Vec<_>>(),
        ["1", "3"],
        "nothing is lost with the second"
    );
}

#[tokio::test(start_paused = true)]
async fn a_feed_lingers_for_15_s_after_its_last_watcher() {
    let gateway = gateway_over(Scene::of(2));
    let (stream, held) = begin(&gateway).await;
    drop(stream);
    pass(14 * SECOND + 100 * MILLI).await;
    let (mut stream, polled) = (
        gateway.watch(resume(1, &held.token)).await,
        gateway.upstream.count(),
    );
    assert_eq!(polled, 8, "it was polled all the time");
    assert!(is_bookmark(&stream.event().await));
    drop(stream);
    pass(15 * SECOND + MILLI).await;
    let polled = gateway.upstream.count();
    assert_eq!(gateway.hub.feeds().len(), 0);
    pass(60 * SECOND).await;
    assert_eq!(gateway.upstream.count(), polled, "nobody polls for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_feed_is_polled_more_slowly_until_something_changes() {
    let gateway = gateway_over(Scene::of(2));
    let (mut stream, _) = begin(&gateway).await;
    let drain = async {
        loop {
            stream.event().await;
        }
    };
    let _ = timeout(310 * SECOND, drain).await;
    let gap = |upstream: &Upstream| {
        let polls = upstream.polls();
        polls[polls.len() - 1].started - polls[polls.len() - 2].started
    };
    assert_eq!(gap(&gateway.upstream), 5 * SECOND);
    gateway.upstream.show(Scene::of(3));
    pass(8 * SECOND).await;
    assert_eq!(gap(&gateway.upstream), 2 * SECOND);
}

/// With the log asked for before the poller in `refresh` of owner.rs, this goes on for ever: a feed without a state
/// woke its owner for a transition that was never noted. So the runtime is another thread's, and this one waits for
/// real.
#[test]
fn a_feed_that_never_had_a_good_poll_waits_between_its_polls() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let count = runtime.expect("a runtime without IO").block_on(async {
            let upstream = Upstream::always(Reply::Status(503));
            let gateway = Gateway::new(&upstream, even());
            refused(&gateway, request(1)).await;
            pass(30 * SECOND).await;
            upstream.count()
        });
        let _ = done.send(count);
    });
    let count = is_done.recv_timeout(30 * SECOND).expect("the owner sleeps");
    assert_eq!(
        count, 5,
        "after 0, 2, 6, 11 and 16 s, and not when it has lingered"
    );
}

// --- key, change, version, the log ---

#[tokio::test(start_paused = true)]
async fn each_leg_has_a_key_and_the_order_of_rows_has_no_meaning() {
    let (a, b) = (
        call(1, "n"),
        portico::wire::ActiveCall {
            i_account: 9,
            ..call(1, "n")
        },
    );
    let scene = |calls: &[portico::wire::ActiveCall]| Scene {
        calls: calls.to_vec(),
        statuses: Vec::new(),
    };
    let gateway = gateway_over(scene(&[a.clone(), b.clone(), a.clone()]));
    let (mut stream, held) = begin(&gateway).await;
    assert_eq!(held.state.calls.len(), 3, "two legs of one call, and a duplicate");
    gateway.upstream.show(scene(&[b.clone(), a.clone(), a.clone()]));
    assert!(is_bookmark(&stream.event().await));
    gateway.upstream.show(scene(&[b, a]));
    assert_eq!(delta(&stream.event().await).ended.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_duration_moves_and_is_no_change() {
    let gateway = gateway_over(Scene::of(2));
    let (mut stream, _) = begin(&gateway).await;
    let mut scene = Scene::of(2);
    scene.calls[0].duration_mins = Some("99.9".to_owned());
    gateway.upstream.show(scene.clone());
    assert!(is_bookmark(&stream.event().await));
    scene.calls[0].note = Some("on hold".to_owned());
    gateway.upstream.show(scene);
    let event = stream.event().await;
    assert_eq!(event.version, 2);
    assert_eq!(delta(&event).updated[0].duration_mins, "99.9");
}

#[tokio::test(start_paused = true)]
async fn each_changed_poll_is_one_version_and_who_is_behind_gets_them_folded() {
    let gateway = gateway_over(Scene::of(1));
    let (mut prompt, _) = begin(&gateway).await;
    let (mut late, mut held) = begin(&gateway).await;
    for calls in 2..5 {
        gateway.upstream.show(Scene::of(calls));
        let event = prompt.event().await;
        assert_eq!(u64::from(calls.unsigned_abs()), event.version);
        assert_eq!(event.coalesced, 0);
    }
    let event = late.event().await;
    assert_eq!((event.version, event.coalesced), (4, 2));
    held.apply(&event);
    assert_eq!(held.state, Scene::of(4).told());
}

#[test]
fn a_watcher_is_small() {
    let size = size_of::<Watcher>();
    assert!(size <= 1024, "{size} bytes, whatever it watches");
}
