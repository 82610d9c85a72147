//! One connection that would have everything polled.

use portico::proto::v1::ActiveCallsRequest;
use portico::proto::v1::ActiveCallsResponse;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::support::{Gateway, RunningSandbox, Setup, reason};

type Client = CustomerExtensionServiceClient<Channel>;

async fn watch(client: &mut Client, product: u32) -> Result<Streaming<ActiveCallsResponse>, Status> {
    let request = ActiveCallsRequest {
        i_customer: 1,
        product_ids: vec![product.to_string()],
        ..ActiveCallsRequest::default()
    };
    client
        .active_calls(request)
        .await
        .map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_connection_starts_so_many_feeds_and_joins_any() {
    let sandbox = RunningSandbox::recorded().await;
    let mut setup = Setup::default();
    setup.server.watch.max_connection_feeds = 3;
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    let (mut greedy, mut other) = (gateway.client().await, gateway.client().await);

    let mut streams = Vec::new();
    for product in 1..=3 {
        streams.push(watch(&mut greedy, product).await.expect("a watch"));
    }
    let status = watch(&mut greedy, 4).await.expect_err("one too many");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(reason(&status), "WATCH_QUOTA");
    let quota = status.get_details_quota_failure().expect("which limit");
    assert_eq!(quota.violations[0].subject, "feeds of one connection");

    streams.push(
        watch(&mut other, 4)
            .await
            .expect("another connection has feeds of its own"),
    );
    streams.push(
        watch(&mut greedy, 4)
            .await
            .expect("somebody else's feed costs nothing"),
    );
    streams.push(
        watch(&mut greedy, 1)
            .await
            .expect("a feed of its own costs nothing more"),
    );
}
