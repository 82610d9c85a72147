//! Where traces go, and which are kept.

use std::env;

use clap::Args;
use opentelemetry::metrics::Meter;

use super::Refused;
use crate::telemetry::Chain;
use crate::telemetry::traces::{Sampling, Traces};

/// Where traces go.
#[derive(Args, Debug)]
pub struct TracesArgs {
    /// A collector for traces, by OTLP over gRPC, such as http://127.0.0.1:4317; without it, and without
    /// OTEL_EXPORTER_OTLP_ENDPOINT, there are no traces. OTEL_TRACES_SAMPLER chooses which are kept
    #[arg(long, env = "PORTICO_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
}

impl TracesArgs {
    /// The traces of this process, if there are to be any. What is dropped of them is counted by `meter`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an endpoint that is no URL, or a sampler that does not exist.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn start(&self, meter: &Meter) -> Result<Option<Traces>, Refused> {
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
        let (name, argument) = (
            variable("OTEL_TRACES_SAMPLER"),
            variable("OTEL_TRACES_SAMPLER_ARG"),
        );
        let sampling = Sampling::parse(name.as_deref(), argument.as_deref())
            .map_err(|error| Refused::new("traces", error))?;
        let traces = Traces::to(&endpoint, sampling, meter)
            .map_err(|error| Refused::new("--otlp-endpoint", Chain(&error)))?;
        Ok(Some(traces))
    }
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
