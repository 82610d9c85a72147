//! What a gateway tells of itself, and where to.

use std::{env, fs};

use clap::Args;

use super::Refused;
use super::log::LogArgs;
use crate::telemetry::Collector;
use crate::telemetry::traces::Sampling;

/// The variable that names a file with the certificate authorities to trust for the collector.
const AUTHORITIES: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

/// What a gateway tells of itself, and where to.
#[derive(Args, Debug)]
pub struct TelemetryArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub log: LogArgs,
    /// A collector for traces and metrics, by OTLP over gRPC, such as http://127.0.0.1:4317; without it, and without
    /// OTEL_EXPORTER_OTLP_ENDPOINT, there are no traces, and metrics only at /metrics. OTEL_TRACES_SAMPLER chooses which
    /// traces are kept
    #[arg(long, env = "PORTICO_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Write a line of JSON for each RPC to standard output: when, which, how it ended, how long it took, from where
    #[arg(long, env = "PORTICO_ACCESS_LOG")]
    pub access_log: bool,
}

impl TelemetryArgs {
    /// The collector, if there is one.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an endpoint that is no URL of HTTP, and for authorities that are none.
    pub fn collector(&self) -> Result<Option<Collector>, Refused> {
        let own = self.otlp_endpoint.clone().filter(|endpoint| !endpoint.is_empty());
        let Some(endpoint) = own.or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT")) else {
            return Ok(None);
        };
        if endpoint.starts_with("http://") {
            return Ok(Some(Collector::new(endpoint, None)));
        }
        if !endpoint.starts_with("https://") {
            return Err(Refused::new(
                "--otlp-endpoint",
                "must begin with http:// or https://",
            ));
        }
        let authorities = variable(AUTHORITIES).map(|path| authorities(&path)).transpose()?;
        Ok(Some(Collector::new(endpoint, authorities.as_deref())))
    }

    /// Which traces are kept.
    ///
    /// # Errors
    ///
    /// [`Refused`] for a sampler that does not exist.
    pub fn sampling(&self) -> Result<Sampling, Refused> {
        let (name, argument) = (
            variable("OTEL_TRACES_SAMPLER"),
            variable("OTEL_TRACES_SAMPLER_ARG"),
        );
        Sampling::parse(name.as_deref(), argument.as_deref()).map_err(|error| Refused::new("traces", error))
    }
}

/// The certificates in the file of this path.
fn authorities(path: &str) -> Result<Vec<u8>, Refused> {
    let pem = fs::read(path)
        .map_err(|error| Refused::new(AUTHORITIES, format_args!("cannot read {path}: {error}")))?;
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(Refused::new(
            AUTHORITIES,
            format_args!("{path} holds no certificate in PEM"),
        ));
    }
    Ok(pem)
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
