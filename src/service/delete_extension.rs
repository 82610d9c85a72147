//! `DeleteExtension`.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::proto::v1::{DeleteExtensionRequest, DeleteExtensionResponse};
use crate::upstream::Transport;
use crate::upstream::operation::DeleteExtension;

pub(super) async fn call(
    calls: &Calls,
    request: DeleteExtensionRequest,
) -> Result<DeleteExtensionResponse, Error> {
    calls.call(parse(request, calls.transport())?).await?;
    Ok(DeleteExtensionResponse {})
}

fn parse(request: DeleteExtensionRequest, transport: Transport) -> Result<DeleteExtension, Error> {
    let DeleteExtensionRequest { i_customer, i_c_ext } = request;
    let mut fields = Fields::over(transport);
    let i_customer = fields.id("i_customer", i_customer);
    let i_c_ext = fields.id("i_c_ext", i_c_ext);
    let (Ok(i_customer), Ok(i_c_ext)) = (i_customer, i_c_ext) else {
        return Err(fields.invalid());
    };
    Ok(DeleteExtension { i_customer, i_c_ext })
}
