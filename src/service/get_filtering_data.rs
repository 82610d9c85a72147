//! `GetFilteringData`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::{to_extension, to_extension_status};
use crate::dispatch::Dispatcher;
use crate::proto::v1::{GetFilteringDataRequest, GetFilteringDataResponse};
use crate::upstream::Transport;
use crate::upstream::operation::GetFilteringData;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: GetFilteringDataRequest,
) -> Result<GetFilteringDataResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let answer = dispatcher.send(caller, operation, |(extensions, statuses)| {
        GetFilteringDataResponse {
            extensions: extensions.into_iter().map(to_extension).collect(),
            extension_statuses: statuses.into_iter().map(to_extension_status).collect(),
        }
    });
    Ok(answer.await?)
}

fn parse(request: GetFilteringDataRequest, transport: Transport) -> Result<GetFilteringData, Error> {
    let GetFilteringDataRequest { i_customer } = request;
    let mut fields = Fields::over(transport);
    let operation = GetFilteringData {
        i_customer: fields.id("i_customer", i_customer),
    };
    fields.finish(operation)
}
