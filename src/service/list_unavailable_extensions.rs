//! `ListUnavailableExtensions`.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::convert::to_extension;
use crate::proto::v1::{ListUnavailableExtensionsRequest, ListUnavailableExtensionsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::ListUnavailableExtensions;

pub(super) async fn call(
    calls: &Calls,
    request: ListUnavailableExtensionsRequest,
) -> Result<ListUnavailableExtensionsResponse, Error> {
    let extensions = calls.call(parse(request, calls.transport())?).await?;
    Ok(ListUnavailableExtensionsResponse {
        extensions: extensions.into_iter().map(to_extension).collect(),
    })
}

fn parse(
    request: ListUnavailableExtensionsRequest,
    transport: Transport,
) -> Result<ListUnavailableExtensions, Error> {
    let ListUnavailableExtensionsRequest { i_customer } = request;
    let mut fields = Fields::over(transport);
    let Ok(i_customer) = fields.id("i_customer", i_customer) else {
        return Err(fields.invalid());
    };
    Ok(ListUnavailableExtensions { i_customer })
}
