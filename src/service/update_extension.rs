//! `UpdateExtension`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::{Change, Dispatcher, Replacement};
use crate::proto::v1::{UpdateExtensionRequest, UpdateExtensionResponse};
use crate::upstream::Transport;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: UpdateExtensionRequest,
) -> Result<UpdateExtensionResponse, Error> {
    let change = Change::Update(parse(request, dispatcher.transport())?);
    let updated = dispatcher.change(caller, change).await?.into_record();
    Ok(UpdateExtensionResponse {
        extension: Some(to_extension(updated)),
    })
}

fn parse(request: UpdateExtensionRequest, transport: Transport) -> Result<Replacement, Error> {
    let UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name,
        id,
        i_account,
    } = request;
    let mut fields = Fields::over(transport);
    let replacement = Replacement {
        i_customer: fields.id("i_customer", i_customer),
        i_c_ext: fields.id("i_c_ext", i_c_ext),
        name: fields.text("name", &name),
        id: fields.text("id", &id),
        i_account: i_account.map(|i_account| fields.optional_id("i_account", i_account)),
    };
    fields.finish(replacement)
}
