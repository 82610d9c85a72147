//! `ListExtensions`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::Dispatcher;
use crate::proto::v1::{ListExtensionsRequest, ListExtensionsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::ListExtensions;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: ListExtensionsRequest,
) -> Result<ListExtensionsResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let answer = dispatcher.send(caller, operation, |extensions| ListExtensionsResponse {
        extensions: extensions.into_iter().map(to_extension).collect(),
    });
    Ok(answer.await?)
}

fn parse(request: ListExtensionsRequest, transport: Transport) -> Result<ListExtensions, Error> {
    let ListExtensionsRequest {
        i_customer,
        product_ids,
    } = request;
    let mut fields = Fields::over(transport);
    let operation = ListExtensions {
        i_customer: fields.id("i_customer", i_customer),
        products: fields.product_ids("product_ids", &product_ids),
    };
    fields.finish(operation)
}
