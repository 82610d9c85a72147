//! `ActiveCalls`: opens a watch.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::error::Error;
use super::fields::Fields;
use crate::proto::v1::ActiveCallsRequest;
use crate::status::Violation;
use crate::upstream::Transport;
use crate::watch::{FeedKey, Hub, Options, Refused, Watcher};

const HEARTBEAT: Duration = Duration::from_secs(15);
const MIN_HEARTBEAT: Duration = Duration::from_secs(1);
const MAX_HEARTBEAT: Duration = Duration::from_secs(60);

pub(super) async fn call(
    hub: &Hub,
    transport: Transport,
    request: ActiveCallsRequest,
    deadline: Option<Instant>,
) -> Result<Watcher, Error> {
    let (key, options) = parse(request, transport, deadline)?;
    hub.watch(key, options).await.map_err(|refused| match refused {
        Refused::End(end) => Error::Watch(end),
        Refused::Query(kind) => Error::Query(kind),
        Refused::OtherFeed => {
            let description = "is of another customer or other products".to_owned();
            Error::Invalid(vec![Violation {
                field: "resume_token".to_owned(),
                description,
            }])
        }
    })
}

fn parse(
    request: ActiveCallsRequest,
    transport: Transport,
    deadline: Option<Instant>,
) -> Result<(FeedKey, Options), Error> {
    let ActiveCallsRequest {
        i_customer,
        product_ids,
        resume_token,
        heartbeat,
        max_staleness,
    } = request;
    let mut fields = Fields::over(transport);
    let i_customer = fields.id("i_customer", i_customer);
    let products = fields.product_ids("product_ids", &product_ids);
    let heartbeat = fields.duration("heartbeat", heartbeat);
    let max_staleness = fields.duration("max_staleness", max_staleness);
    let (Ok(i_customer), Ok(products), Ok(heartbeat), Ok(max_staleness)) =
        (i_customer, products, heartbeat, max_staleness)
    else {
        return Err(fields.invalid());
    };
    let options = Options {
        resume_token: Bytes::from(resume_token),
        heartbeat: heartbeat.map_or(HEARTBEAT, |asked| asked.clamp(MIN_HEARTBEAT, MAX_HEARTBEAT)),
        max_staleness: max_staleness.unwrap_or_default(),
        deadline,
    };
    Ok((FeedKey { i_customer, products }, options))
}
