//! `ListUnavailableExtensions`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::Dispatcher;
use crate::proto::v1::{ListUnavailableExtensionsRequest, ListUnavailableExtensionsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::ListUnavailableExtensions;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: ListUnavailableExtensionsRequest,
) -> Result<ListUnavailableExtensionsResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let answer = dispatcher.send(caller, operation, |extensions| {
        ListUnavailableExtensionsResponse {
            extensions: extensions.into_iter().map(to_extension).collect(),
        }
    });
    Ok(answer.await?)
}

fn parse(
    request: ListUnavailableExtensionsRequest,
    transport: Transport,
) -> Result<ListUnavailableExtensions, Error> {
    let ListUnavailableExtensionsRequest { i_customer } = request;
    let mut fields = Fields::over(transport);
    let operation = ListUnavailableExtensions {
        i_customer: fields.id("i_customer", i_customer),
    };
    fields.finish(operation)
}
