//! `ListOnlineAccounts`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::{to_extension, to_extension_status};
use crate::dispatch::Dispatcher;
use crate::proto::v1::{ListOnlineAccountsRequest, ListOnlineAccountsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::ListOnlineAccounts;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: ListOnlineAccountsRequest,
) -> Result<ListOnlineAccountsResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let answer = dispatcher.send(caller, operation, |(statuses, extensions)| {
        ListOnlineAccountsResponse {
            extension_statuses: statuses.into_iter().map(to_extension_status).collect(),
            extensions: extensions.into_iter().map(to_extension).collect(),
        }
    });
    Ok(answer.await?)
}

fn parse(request: ListOnlineAccountsRequest, transport: Transport) -> Result<ListOnlineAccounts, Error> {
    let ListOnlineAccountsRequest { i_customer } = request;
    let mut fields = Fields::over(transport);
    let operation = ListOnlineAccounts {
        i_customer: fields.id("i_customer", i_customer),
    };
    fields.finish(operation)
}
