//! What the details of a status say.

use std::time::Duration;

use tonic::Status;
use tonic_types::StatusExt as _;

/// The reason of the `ErrorInfo`, which every status must have, in the gateway's domain.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "portico", "{status:?}");
    info.reason
}

/// The delay of the `RetryInfo`, if there is one.
pub(crate) fn retry_delay(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// The fields that the `BadRequest` names, in its order.
pub(crate) fn violated_fields(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request();
    let bad = bad.unwrap_or_else(|| panic!("no BadRequest in {status:?}"));
    bad.field_violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}
