//! `GetFilteringData`.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::convert::{to_extension, to_extension_status};
use crate::proto::v1::{GetFilteringDataRequest, GetFilteringDataResponse};
use crate::upstream::Transport;
use crate::upstream::operation::GetFilteringData;

pub(super) async fn call(
    calls: &Calls,
    request: GetFilteringDataRequest,
) -> Result<GetFilteringDataResponse, Error> {
    let (extensions, statuses) = calls.call(parse(request, calls.transport())?).await?;
    Ok(GetFilteringDataResponse {
        extensions: extensions.into_iter().map(to_extension).collect(),
        extension_statuses: statuses.into_iter().map(to_extension_status).collect(),
    })
}

fn parse(request: GetFilteringDataRequest, transport: Transport) -> Result<GetFilteringData, Error> {
    let GetFilteringDataRequest { i_customer } = request;
    let mut fields = Fields::over(transport);
    let Ok(i_customer) = fields.id("i_customer", i_customer) else {
        return Err(fields.invalid());
    };
    Ok(GetFilteringData { i_customer })
}
