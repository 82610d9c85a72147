//! `ActiveCalls`: opens a watch.

use std::time::Duration;

use bytes::Bytes;

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::proto::v1::ActiveCallsRequest;
use crate::upstream::Transport;
use crate::watch::{FeedKey, Hub, Options, Watcher};

const HEARTBEAT: Duration = Duration::from_secs(15);
const MIN_HEARTBEAT: Duration = Duration::from_secs(1);
const MAX_HEARTBEAT: Duration = Duration::from_secs(60);

pub(super) async fn call(
    hub: &Hub,
    transport: Transport,
    caller: &Caller,
    request: ActiveCallsRequest,
) -> Result<Watcher, Error> {
    let (key, options) = parse(request, transport, caller)?;
    hub.watch(key, options).await.map_err(Error::Watch)
}

fn parse(
    request: ActiveCallsRequest,
    transport: Transport,
    caller: &Caller,
) -> Result<(FeedKey, Options), Error> {
    let ActiveCallsRequest {
        i_customer,
        product_ids,
        resume_token,
        heartbeat,
        max_staleness,
    } = request;
    let mut fields = Fields::over(transport);
    let key = FeedKey {
        license: caller.context.license.clone(),
        i_customer: fields.id("i_customer", i_customer),
        products: fields.product_ids("product_ids", &product_ids),
    };
    let options = Options {
        resume_token: Bytes::from(resume_token),
        heartbeat: fields
            .duration("heartbeat", heartbeat)
            .map_or(HEARTBEAT, |asked| asked.clamp(MIN_HEARTBEAT, MAX_HEARTBEAT)),
        max_staleness: fields
            .duration("max_staleness", max_staleness)
            .unwrap_or_default(),
        deadline: caller.context.deadline,
    };
    fields.finish((key, options))
}
