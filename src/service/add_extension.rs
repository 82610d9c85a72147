//! `AddExtension` and `AddExtensionGetIdentity`: two routes of the upstream with the same members.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::convert::to_extension;
use crate::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionGetIdentityResponse, AddExtensionRequest,
    AddExtensionResponse,
};
use crate::upstream::Transport;
use crate::upstream::operation::{AddExtension, AddExtensionGetIdentity, NewExtension};

pub(super) async fn call(calls: &Calls, request: AddExtensionRequest) -> Result<AddExtensionResponse, Error> {
    let extension = calls
        .call(AddExtension(parse(request, calls.transport())?))
        .await?;
    Ok(AddExtensionResponse {
        extension: Some(to_extension(extension)),
    })
}

pub(super) async fn call_get_identity(
    calls: &Calls,
    request: AddExtensionGetIdentityRequest,
) -> Result<AddExtensionGetIdentityResponse, Error> {
    let AddExtensionGetIdentityRequest {
        i_customer,
        name,
        id,
        i_account,
    } = request;
    let request = AddExtensionRequest {
        i_customer,
        name,
        id,
        i_account,
    };
    let extension = calls
        .call(AddExtensionGetIdentity(parse(request, calls.transport())?))
        .await?;
    Ok(AddExtensionGetIdentityResponse {
        extension: Some(to_extension(extension)),
    })
}

fn parse(request: AddExtensionRequest, transport: Transport) -> Result<NewExtension, Error> {
    let AddExtensionRequest {
        i_customer,
        name,
        id,
        i_account,
    } = request;
    let mut fields = Fields::over(transport);
    let i_customer = fields.id("i_customer", i_customer);
    let name = fields.text("name", &name);
    let id = fields.text("id", &id);
    let i_account = fields.optional_id("i_account", i_account);
    let (Ok(i_customer), Ok(name), Ok(id), Ok(i_account)) = (i_customer, name, id, i_account) else {
        return Err(fields.invalid());
    };
    Ok(NewExtension {
        i_customer,
        name,
        id,
        i_account,
    })
}
