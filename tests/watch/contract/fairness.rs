//! The contract on what feeds may take from each other.

use super::*;

/// The customer whose upstream answers, among others whose upstream hangs.
const HEALTHY: i64 = 1_000;

/// An upstream that answers `is_well` customers at once, and hangs the others.
fn hanging(is_well: impl Fn(i64) -> bool + Send + 'static) -> Upstream {
    hanging_or_after(Duration::ZERO, is_well)
}

/// The same with answers that take some time.
fn hanging_or_after(after: Duration, is_well: impl Fn(i64) -> bool + Send + 'static) -> Upstream {
    Upstream::scripted(move |asked| Answer {
        after,
        reply: if is_well(asked.customer) {
            Reply::Scene(Scene::of(2))
        } else {
            Reply::Hang
        },
    })
}

/// Goes on trying to watch each, as clients do.
fn insist(gateway: &Gateway, requests: impl Iterator<Item = ActiveCallsRequest>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for request in requests {
        let gateway = gateway.clone();
        clients.spawn(async move {
            loop {
                if let Ok(mut stream) = gateway.open(request.clone()).await {
                    stream.rest().await;
                }
                sleep(SECOND).await;
            }
        });
    }
    clients
}

/// The longest time from one poll of `customer`'s to the next, for all products, among those since `since`.
fn longest_gap(upstream: &Upstream, customer: i64, since: Instant) -> Duration {
    let polls = upstream.polls().into_iter();
    let starts: Vec<_> = polls
        .filter(|poll| poll.asked.customer == customer && poll.asked.products.is_empty())
        .map(|poll| poll.started)
        .filter(|started| *started >= since)
        .chain([Instant::now()])
        .collect();
    let gaps = starts.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or(Duration::MAX)
}

/// The healthy customer is polled in time, and its watches open, for longer than any poll may hang.
async fn stays_well(gateway: &Gateway) {
    let begun = Instant::now();
    let _stream = gateway.watch(request(HEALTHY)).await;
    for product in 1..=8 {
        gateway.watch(of_product(HEALTHY, product)).await;
        pass(10 * SECOND).await;
    }
    let gap = longest_gap(&gateway.upstream, HEALTHY, begun);
    assert!(gap <= 3 * SECOND, "{gap:?} instead of 1.5 x 2 s");
}

/// The healthy one was never polled, and none of its watches opened.
#[tokio::test(start_paused = true)]
async fn a_feed_is_polled_in_time_beside_200_hanging_feeds_of_one_customer() {
    let gateway = Gateway::new(&hanging(|customer| customer == HEALTHY), Params::default());
    let _clients = insist(&gateway, (1..=200).map(|product| of_product(1, product)));
    pass(SECOND).await;
    stays_well(&gateway).await;
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_polled_in_time_beside_200_hanging_feeds_of_200_customers() {
    let gateway = Gateway::new(&hanging(|customer| customer == HEALTHY), Params::default());
    let _clients = insist(&gateway, (1..=200).map(request));
    pass(SECOND).await;
    stays_well(&gateway).await;
}

/// With its customer taken for one who hangs, it is polled every 90 s.
#[tokio::test(start_paused = true)]
async fn a_feed_that_is_answered_within_half_an_interval_is_none_of_those_who_hang() {
    let after = 900 * MILLI;
    let gateway = Gateway::new(
        &hanging_or_after(after, |customer| customer == HEALTHY),
        Params::default(),
    );
    let _clients = insist(&gateway, (1..=200).map(request));
    pass(SECOND).await;
    let begun = Instant::now();
    let _stream = gateway.watch(request(HEALTHY)).await;
    pass(120 * SECOND).await;
    let gap = longest_gap(&gateway.upstream, HEALTHY, begun);
    assert!(gap <= after + 3 * SECOND, "{gap:?}");
}

/// Nobody knows yet that they hang: all slots are theirs at first.
#[tokio::test(start_paused = true)]
async fn a_feed_stays_live_as_200_others_begin_to_hang() {
    let gateway = Gateway::new(&hanging(|_| true), Params::default());
    let _clients = insist(&gateway, (1..=200).map(request));
    let mut stream = gateway.watch(request(HEALTHY)).await;
    stream.event().await;
    pass(20 * SECOND).await;
    let sick = hanging(|customer| customer == HEALTHY);
    gateway.upstream.take_script_of(&sick);
    let begun = Instant::now();
    pass(100 * SECOND).await;
    let gap = longest_gap(&gateway.upstream, HEALTHY, begun);
    assert!(gap <= 4 * SECOND, "{gap:?}");
    let gap = longest_gap(&gateway.upstream, HEALTHY, begun + 4 * SECOND);
    assert!(gap <= 3 * SECOND, "{gap:?}");
    let hanging = gateway.upstream.polls();
    let hanging = hanging.iter().filter(|poll| poll.ended.is_none()).count();
    assert_eq!(hanging, 16, "it is known by now who hangs");
}

/// Half of the slots are theirs, and nobody's place is lost.
#[tokio::test(start_paused = true)]
async fn hanging_feeds_take_their_turns_in_order() {
    let gateway = Gateway::new(&hanging(|_| true), Params::default());
    let _clients = insist(&gateway, (1..=48).map(request));
    pass(10 * SECOND).await;
    gateway.upstream.set(Reply::Hang);
    let begun = Instant::now();
    pass(300 * SECOND).await;
    for customer in 1..=48 {
        let gap = longest_gap(&gateway.upstream, customer, begun);
        assert!(gap <= 130 * SECOND, "{gap:?} of customer {customer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_is_polled_by_an_eighth_of_the_slots_at_most() {
    let gateway = Gateway::new(&Upstream::always(Reply::Hang), even());
    let _clients = insist(&gateway, (1..=20).map(|product| of_product(1, product)));
    pass(4 * SECOND).await;
    assert_eq!(gateway.upstream.count(), 4);
    let other = gateway.of_license("other");
    let _others = insist(&other, (1..=20).map(|product| of_product(1, product)));
    pass(SECOND).await;
    assert_eq!(gateway.upstream.count(), 8, "a customer is one of a licence");
}
