//! `UpdateExtension`.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::convert::to_extension;
use crate::proto::v1::{UpdateExtensionRequest, UpdateExtensionResponse};
use crate::upstream::Transport;
use crate::upstream::operation::UpdateExtension;

pub(super) async fn call(
    calls: &Calls,
    request: UpdateExtensionRequest,
) -> Result<UpdateExtensionResponse, Error> {
    let extension = calls.call(parse(request, calls.transport())?).await?;
    Ok(UpdateExtensionResponse {
        extension: Some(to_extension(extension)),
    })
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
    let i_customer = fields.id("i_customer", i_customer);
    let i_c_ext = fields.id("i_c_ext", i_c_ext);
    let name = fields.text("name", &name);
    let id = fields.text("id", &id);
    let i_account = fields.optional_id("i_account", i_account);
    let (Ok(i_customer), Ok(i_c_ext), Ok(name), Ok(id), Ok(i_account)) =
        (i_customer, i_c_ext, name, id, i_account)
    else {
        return Err(fields.invalid());
    };
    Ok(UpdateExtension {
        i_customer,
        i_c_ext,
        name,
        id,
        i_account,
    })
}
