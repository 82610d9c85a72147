//! Watchers who are served by different licences share nothing.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_query_by_two_licences_is_two_feeds_and_each_is_polled_by_its_own() {
    let a = gateway_over(Scene::of(2)).of_license("a");
    let b = a.of_license("b");
    let (_first, _again) = (a.watch(request(1)).await, a.watch(request(1)).await);
    let _other = b.watch(request(1)).await;
    let licenses = a.hub.feeds().into_iter().map(|feed| feed.license);
    assert_eq!(licenses.collect::<Vec<_>>(), ["a", "b"]);
    let asked: Vec<_> = a
        .upstream
        .polls()
        .into_iter()
        .map(|poll| poll.asked.license)
        .collect();
    assert_eq!(asked, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_one_licence_is_of_another_feed_to_the_other() {
    let a = gateway_over(Scene::of(2)).of_license("a");
    let (_stream, held) = begin(&a).await;
    let refused = a.of_license("b").open(resume(1, &held.token)).await;
    assert_eq!(refused.expect_err("another feed").code(), Code::InvalidArgument);
}
