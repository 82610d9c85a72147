//! `DeleteExtension`.

use super::change;
use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::dispatch::{Change, Dispatcher, RequestId};
use crate::proto::v1::{DeleteExtensionRequest, DeleteExtensionResponse};
use crate::upstream::Transport;
use crate::upstream::operation::DeleteExtension;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: DeleteExtensionRequest,
) -> Result<DeleteExtensionResponse, Error> {
    change::make(dispatcher, caller, parse(request, dispatcher.transport())?).await?;
    Ok(DeleteExtensionResponse {})
}

fn parse(
    request: DeleteExtensionRequest,
    transport: Transport,
) -> Result<(Change, Option<RequestId>), Error> {
    let DeleteExtensionRequest {
        i_customer,
        i_c_ext,
        request_id,
    } = request;
    let mut fields = Fields::over(transport);
    let operation = DeleteExtension {
        i_customer: fields.id("i_customer", i_customer),
        i_c_ext: fields.id("i_c_ext", i_c_ext),
    };
    let id = fields.request_id("request_id", &request_id);
    fields.finish((Change::Delete(operation), id))
}
