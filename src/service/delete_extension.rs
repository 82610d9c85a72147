//! `DeleteExtension`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::dispatch::{Change, Dispatcher};
use crate::proto::v1::{DeleteExtensionRequest, DeleteExtensionResponse};
use crate::upstream::Transport;
use crate::upstream::operation::DeleteExtension;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: DeleteExtensionRequest,
) -> Result<DeleteExtensionResponse, Error> {
    let change = Change::Delete(parse(request, dispatcher.transport())?);
    dispatcher.change(caller, change).await?;
    Ok(DeleteExtensionResponse {})
}

fn parse(request: DeleteExtensionRequest, transport: Transport) -> Result<DeleteExtension, Error> {
    let DeleteExtensionRequest { i_customer, i_c_ext } = request;
    let mut fields = Fields::over(transport);
    let operation = DeleteExtension {
        i_customer: fields.id("i_customer", i_customer),
        i_c_ext: fields.id("i_c_ext", i_c_ext),
    };
    fields.finish(operation)
}
