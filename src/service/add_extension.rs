//! `AddExtension` and `AddExtensionGetIdentity`: two routes of the upstream with the same members.

use super::change;
use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::to_extension;
use crate::dispatch::{Change, Dispatcher, RequestId};
use crate::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionGetIdentityResponse, AddExtensionRequest,
    AddExtensionResponse,
};
use crate::upstream::Transport;
use crate::upstream::operation::NewExtension;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: AddExtensionRequest,
) -> Result<AddExtensionResponse, Error> {
    let (new, id) = parse(request, dispatcher.transport())?;
    let added = change::make(dispatcher, caller, (Change::Add(new), id)).await?;
    Ok(AddExtensionResponse {
        extension: Some(to_extension(added.into_record())),
    })
}

pub(super) async fn call_get_identity(
    dispatcher: &Dispatcher,
    caller: &Caller,
    request: AddExtensionGetIdentityRequest,
) -> Result<AddExtensionGetIdentityResponse, Error> {
    let AddExtensionGetIdentityRequest {
        i_customer,
        name,
        id,
        i_account,
        request_id,
    } = request;
    let request = AddExtensionRequest {
        i_customer,
        name,
        id,
        i_account,
        request_id,
    };
    let (new, id) = parse(request, dispatcher.transport())?;
    let added = change::make(dispatcher, caller, (Change::AddGetIdentity(new), id)).await?;
    Ok(AddExtensionGetIdentityResponse {
        extension: Some(to_extension(added.into_record())),
    })
}

fn parse(
    request: AddExtensionRequest,
    transport: Transport,
) -> Result<(NewExtension, Option<RequestId>), Error> {
    let AddExtensionRequest {
        i_customer,
        name,
        id,
        i_account,
        request_id,
    } = request;
    let mut fields = Fields::over(transport);
    let operation = NewExtension {
        i_customer: fields.id("i_customer", i_customer),
        name: fields.text("name", &name),
        id: fields.text("id", &id),
        i_account: fields.optional_id("i_account", i_account),
    };
    let id = fields.request_id("request_id", &request_id);
    fields.finish((operation, id))
}
