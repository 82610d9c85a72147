//! The RPCs: each parses its request, calls down and converts up, in a file of its own.
//!
//! Parsing collects every violation of a request before anything is sent. Errors become statuses in one place,
//! [`status`]. [`Watching`] adds `ActiveCalls`, whose answers are not messages but shared frames.

mod active_calls;
mod add_extension;
mod change;
mod codec;
mod delete_extension;
mod error;
mod fields;
pub mod generated;
mod get_filtering_data;
mod list_active_calls;
mod list_extensions;
mod list_online_accounts;
mod list_unavailable_extensions;
mod reply;
mod request;
mod update_extension;
mod watch_body;
pub mod watching;

use jiff::tz::TimeZone;
use tonic::{Request, Response, Status};

pub use self::error::{Error, Violation, Violations};
use self::generated::customer_extension_service_server::CustomerExtensionService;
pub use self::generated::customer_extension_service_server::CustomerExtensionServiceServer;
pub use self::request::ArriveBy;
pub use self::watching::Watching;
use crate::caller::Caller;
use crate::dispatch::{Dispatcher, RefusedId};
use crate::proto::v1;
use crate::status;

/// The service `porta.customerextension.v1.CustomerExtensionService`.
#[derive(Clone, Debug)]
pub struct CustomerExtension {
    dispatcher: Dispatcher,
    zone: TimeZone,
}

impl CustomerExtension {
    /// The service over `dispatcher`, reading the upstream's zone-less times in `zone`. To be called through [`Watching`],
    /// which says who calls.
    #[must_use]
    pub fn new(dispatcher: Dispatcher, zone: TimeZone) -> Self {
        Self { dispatcher, zone }
    }
}

/// Who sent `request`, and what it holds.
fn receive<Q>(mut request: Request<Q>) -> (Caller, Q) {
    let caller = request.extensions_mut().remove();
    (caller.expect("`Watching` says who calls"), request.into_inner())
}

/// The answer of an RPC, or the one status that stands for its error.
fn respond<T>(result: Result<T, Error>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(to_status)
}

fn to_status(error: Error) -> Status {
    match error {
        Error::Invalid(violations) => {
            let told = violations.told().iter();
            let told = told.map(|Violation { field, description }| (&**field, &**description));
            status::of_violations(told, violations.left_out())
        }
        Error::RequestId(RefusedId::Reused) => status::reused_request_id(),
        Error::RequestId(RefusedId::Quota(limit)) => status::too_many_request_ids(limit),
        Error::Upstream(error) => status::of_call(&error),
        Error::Watch(end) => status::of_watch(end),
    }
}

#[tonic::async_trait]
impl CustomerExtensionService for CustomerExtension {
    async fn list_extensions(
        &self,
        request: Request<v1::ListExtensionsRequest>,
    ) -> Result<Response<v1::ListExtensionsResponse>, Status> {
        let (caller, request) = receive(request);
        respond(list_extensions::call(&self.dispatcher, &caller, request).await)
    }

    async fn list_unavailable_extensions(
        &self,
        request: Request<v1::ListUnavailableExtensionsRequest>,
    ) -> Result<Response<v1::ListUnavailableExtensionsResponse>, Status> {
        let (caller, request) = receive(request);
        respond(list_unavailable_extensions::call(&self.dispatcher, &caller, request).await)
    }

    async fn get_filtering_data(
        &self,
        request: Request<v1::GetFilteringDataRequest>,
    ) -> Result<Response<v1::GetFilteringDataResponse>, Status> {
        let (caller, request) = receive(request);
        respond(get_filtering_data::call(&self.dispatcher, &caller, request).await)
    }

    async fn list_online_accounts(
        &self,
        request: Request<v1::ListOnlineAccountsRequest>,
    ) -> Result<Response<v1::ListOnlineAccountsResponse>, Status> {
        let (caller, request) = receive(request);
        respond(list_online_accounts::call(&self.dispatcher, &caller, request).await)
    }

    async fn list_active_calls(
        &self,
        request: Request<v1::ListActiveCallsRequest>,
    ) -> Result<Response<v1::ListActiveCallsResponse>, Status> {
        let (caller, request) = receive(request);
        respond(list_active_calls::call(&self.dispatcher, &caller, &self.zone, request).await)
    }

    async fn add_extension(
        &self,
        request: Request<v1::AddExtensionRequest>,
    ) -> Result<Response<v1::AddExtensionResponse>, Status> {
        let (caller, request) = receive(request);
        respond(add_extension::call(&self.dispatcher, &caller, request).await)
    }

    async fn add_extension_get_identity(
        &self,
        request: Request<v1::AddExtensionGetIdentityRequest>,
    ) -> Result<Response<v1::AddExtensionGetIdentityResponse>, Status> {
        let (caller, request) = receive(request);
        respond(add_extension::call_get_identity(&self.dispatcher, &caller, request).await)
    }

    async fn update_extension(
        &self,
        request: Request<v1::UpdateExtensionRequest>,
    ) -> Result<Response<v1::UpdateExtensionResponse>, Status> {
        let (caller, request) = receive(request);
        respond(update_extension::call(&self.dispatcher, &caller, request).await)
    }

    async fn delete_extension(
        &self,
        request: Request<v1::DeleteExtensionRequest>,
    ) -> Result<Response<v1::DeleteExtensionResponse>, Status> {
        let (caller, request) = receive(request);
        respond(delete_extension::call(&self.dispatcher, &caller, request).await)
    }

    async fn reply(&self, request: Request<v1::ReplyRequest>) -> Result<Response<v1::ReplyResponse>, Status> {
        let (caller, request) = receive(request);
        respond(reply::call(&self.dispatcher, &caller, &self.zone, request).await)
    }
}
