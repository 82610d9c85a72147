//! A collector, and what is common to all that it is sent.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;

/// How long a collector may take for a batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take for the last batch, of spans and of metrics each.
pub(super) const LAST: Duration = Duration::from_millis(2500);

/// A collector of traces and metrics, by OTLP over gRPC.
#[derive(Clone, Debug)]
pub struct Collector {
    endpoint: String,
    authorities: Option<Certificate>,
}

impl Collector {
    /// The collector at the URL `endpoint`. If that begins with `https`, its certificate is to be from one of `authorities`, in PEM; if
    /// there are none, from one that this machine trusts.
    #[must_use]
    pub fn new(endpoint: String, authorities: Option<&[u8]>) -> Self {
        Self {
            endpoint,
            authorities: authorities.map(Certificate::from_pem),
        }
    }

    /// An exporter that sends there.
    pub(super) fn of<B: WithExportConfig + WithTonicConfig>(&self, exporter: B) -> B {
        let Self {
            endpoint,
            authorities,
        } = self;
        let exporter = exporter.with_endpoint(endpoint).with_timeout(TIMEOUT);
        if !endpoint.starts_with("https://") {
            return exporter;
        }
        // By default the exporter trusts nobody.
        let tls = ClientTlsConfig::new();
        exporter.with_tls_config(match authorities {
            Some(authorities) => tls.ca_certificate(authorities.clone()),
            None => tls.with_enabled_roots(),
        })
    }
}

/// Who sends it.
pub(super) fn resource() -> Resource {
    Resource::builder()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}
