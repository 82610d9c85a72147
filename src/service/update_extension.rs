//! `UpdateExtension`.

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::Dispatcher;
use crate::proto::v1::{UpdateExtensionRequest, UpdateExtensionResponse};
use crate::upstream::Transport;
use crate::upstream::operation::UpdateExtension;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: UpdateExtensionRequest,
) -> Result<UpdateExtensionResponse, Error> {
    let operation = parse(request, dispatcher.transport())?;
    let answer = dispatcher.send(caller, operation, |extension| UpdateExtensionResponse {
        extension: Some(to_extension(extension)),
    });
    Ok(answer.await?)
}

fn parse(request: UpdateExtensionRequest, transport: Transport) -> Result<UpdateExtension, Error> {
    let UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name,
        id,
        i_account,
    } = request;
    let mut fields = Fields::over(transport);
    let operation = UpdateExtension {
        i_customer: fields.id("i_customer", i_customer),
        i_c_ext: fields.id("i_c_ext", i_c_ext),
        name: fields.text("name", &name),
        id: fields.text("id", &id),
        i_account: fields.optional_id("i_account", i_account),
    };
    fields.finish(operation)
}
