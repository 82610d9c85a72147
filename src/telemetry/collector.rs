//! What is common to all that a collector is sent.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

/// How long a collector may take for a batch.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Who sends it.
pub(super) fn resource() -> Resource {
    Resource::builder()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}
