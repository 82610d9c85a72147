//! `UpdateExtension`.

use super::change;
use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::{Change, Dispatcher, Replacement, RequestId};
use crate::proto::v1::{UpdateExtensionRequest, UpdateExtensionResponse};
use crate::upstream::Transport;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: UpdateExtensionRequest,
) -> Result<UpdateExtensionResponse, Error> {
    let change = parse(request, dispatcher.transport())?;
    let updated = change::make(dispatcher, caller, change).await?.into_record();
    Ok(UpdateExtensionResponse {
        extension: Some(to_extension(updated)),
    })
}

fn parse(
    request: UpdateExtensionRequest,
    transport: Transport,
) -> Result<(Change, Option<RequestId>), Error> {
    let UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name,
        id,
        i_account,
        request_id,
    } = request;
    let mut fields = Fields::over(transport);
    let replacement = Replacement {
        i_customer: fields.id("i_customer", i_customer),
        i_c_ext: fields.id("i_c_ext", i_c_ext),
        name: fields.text("name", &name),
        id: fields.text("id", &id),
        i_account: i_account.map(|i_account| fields.optional_id("i_account", i_account)),
    };
    let id = fields.request_id("request_id", &request_id);
    fields.finish((Change::Update(replacement), id))
}
