//! `ListActiveCalls`: one poll.

use jiff::tz::TimeZone;

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::{now, to_active_calls, to_extension_status};
use crate::dispatch::Dispatcher;
use crate::proto::v1::{ListActiveCallsRequest, ListActiveCallsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::{ActiveCalls, ListActiveCalls};

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    zone: &TimeZone,
    request: ListActiveCallsRequest,
) -> Result<ListActiveCallsResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let zone = zone.clone();
    let answer = dispatcher.send(caller, operation, move |answer| {
        let ActiveCalls {
            calls,
            extension_statuses,
        } = answer;
        let observed_at = now();
        ListActiveCallsResponse {
            calls: to_active_calls(calls, &zone),
            extension_statuses: extension_statuses.into_iter().map(to_extension_status).collect(),
            observed_at: Some(observed_at),
        }
    });
    Ok(answer.await?)
}

fn parse(request: ListActiveCallsRequest, transport: Transport) -> Result<ListActiveCalls, Error> {
    let ListActiveCallsRequest {
        i_customer,
        product_ids,
    } = request;
    let mut fields = Fields::over(transport);
    let operation = ListActiveCalls {
        i_customer: fields.id("i_customer", i_customer),
        products: fields.product_ids("product_ids", &product_ids),
    };
    fields.finish(operation)
}
