//! `ActiveCalls`: the watch. Its request is checked as it will be; the watch itself is not there yet.

use super::error::Error;
use super::fields::Fields;
use crate::calls::Calls;
use crate::proto::v1::{ActiveCallsRequest, ActiveCallsResponse};

/// The events of one watcher.
pub(super) type Events = tokio_stream::Empty<Result<ActiveCallsResponse, tonic::Status>>;

pub(super) fn call(calls: &Calls, request: &ActiveCallsRequest) -> Result<Events, Error> {
    let mut fields = Fields::over(calls.transport());
    let i_customer = fields.id("i_customer", request.i_customer);
    let products = fields.product_ids("product_ids", &request.product_ids);
    if i_customer.is_err() || products.is_err() {
        return Err(fields.invalid());
    }
    Err(Error::Unimplemented)
}
