//! `ListExtensions`.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::convert::to_extension;
use crate::proto::v1::{ListExtensionsRequest, ListExtensionsResponse};
use crate::upstream::Transport;
use crate::upstream::operation::ListExtensions;

pub(super) async fn call(
    calls: &Calls,
    request: ListExtensionsRequest,
) -> Result<ListExtensionsResponse, Error> {
    let extensions = calls.call(parse(request, calls.transport())?).await?;
    Ok(ListExtensionsResponse {
        extensions: extensions.into_iter().map(to_extension).collect(),
    })
}

fn parse(request: ListExtensionsRequest, transport: Transport) -> Result<ListExtensions, Error> {
    let ListExtensionsRequest {
        i_customer,
        product_ids,
    } = request;
    let mut fields = Fields::over(transport);
    let i_customer = fields.id("i_customer", i_customer);
    let products = fields.product_ids("product_ids", &product_ids);
    let (Ok(i_customer), Ok(products)) = (i_customer, products) else {
        return Err(fields.invalid());
    };
    Ok(ListExtensions { i_customer, products })
}
