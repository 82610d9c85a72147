//! What a gateway tells of itself, and where to.

use std::{env, fs};

use clap::Args;
use opentelemetry::metrics::Meter;

use super::Refused;
use super::log::LogArgs;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::{Recent, Sampling, Traces};
use crate::telemetry::{Chain, Collector};

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
    /// The metrics of this process; a collector gets them too, if there is one.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an endpoint that is no URL.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn metrics(&self) -> Result<Metrics, Refused> {
        let Some(collector) = self.collector()? else {
            return Ok(Metrics::default());
        };
        Metrics::sent_to(&collector).map_err(|error| Refused::new("--otlp-endpoint", Chain(&error)))
    }

    /// The traces of this process, if there are to be any. What is dropped of them is counted by `meter`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an endpoint that is no URL, or a sampler that does not exist.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn traces(&self, meter: &Meter) -> Result<Option<Traces>, Refused> {
        let Some(collector) = self.collector()? else {
            return Ok(None);
        };
        let traces = Traces::to(&collector, sampling()?, meter)
            .map_err(|error| Refused::new("--otlp-endpoint", Chain(&error)))?;
        Ok(Some(traces))
    }

    /// The traces of this process: those that a collector gets, or else the last of them, to be looked at.
    ///
    /// # Errors
    ///
    /// As [`TelemetryArgs::traces`].
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn traces_or_recent(&self, meter: &Meter) -> Result<(Traces, Option<Recent>), Refused> {
        if let Some(traces) = self.traces(meter)? {
            return Ok((traces, None));
        }
        let (traces, recent) = Traces::shown(sampling()?);
        Ok((traces, Some(recent)))
    }

    /// The collector, if there is one.
    fn collector(&self) -> Result<Option<Collector>, Refused> {
        let standard = || variable("OTEL_EXPORTER_OTLP_ENDPOINT");
        let Some(endpoint) = self.otlp_endpoint.clone().or_else(standard) else {
            return Ok(None);
        };
        let is_url = ["http://", "https://"]
            .iter()
            .any(|scheme| endpoint.starts_with(scheme));
        if !is_url {
            return Err(Refused::new(
                "--otlp-endpoint",
                "must begin with http:// or https://",
            ));
        }
        let authorities = variable(AUTHORITIES).map(|path| authorities(&path)).transpose()?;
        Ok(Some(Collector::new(endpoint, authorities.as_deref())))
    }
}

/// The certificates in the file of this path.
fn authorities(path: &str) -> Result<Vec<u8>, Refused> {
    let pem = fs::read(path)
        .map_err(|error| Refused::new(AUTHORITIES, format_args!("cannot read {path}: {error}")))?;
    let has_one = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
    if !has_one {
        return Err(Refused::new(
            AUTHORITIES,
            format_args!("{path} holds no certificate in PEM"),
        ));
    }
    Ok(pem)
}

/// Which traces are kept.
fn sampling() -> Result<Sampling, Refused> {
    let (name, argument) = (
        variable("OTEL_TRACES_SAMPLER"),
        variable("OTEL_TRACES_SAMPLER_ARG"),
    );
    Sampling::parse(name.as_deref(), argument.as_deref()).map_err(|error| Refused::new("traces", error))
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
