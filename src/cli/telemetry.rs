//! What a command tells of itself while it runs: starts it, and ends it last.

use opentelemetry_otlp::ExporterBuildError;

use super::Failure;
use crate::config::{LogArgs, TelemetryArgs};
use crate::telemetry::log::{self, Lines, Log};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::{Recent, Traces};
use crate::telemetry::{Chain, Collector};

/// What a gateway tells of itself. Dropping it ends the log.
#[derive(Debug)]
pub(super) struct Telemetry {
    pub(super) metrics: Metrics,
    pub(super) access_log: Option<Lines>,
    traces: Option<Traces>,
    _access_log_writer: Option<log::Writer>,
    // Dropped last: what is said of the others is told, too.
    _log: Log,
}

impl Telemetry {
    /// Starts it.
    pub(super) fn start(args: &TelemetryArgs) -> Result<Self, Failure> {
        let collector = args.collector()?;
        Self::sent_to(collector.as_ref(), args)
    }

    /// Starts it; without a collector the last traces are kept.
    pub(super) fn start_shown(args: &TelemetryArgs) -> Result<(Self, Option<Recent>), Failure> {
        let collector = args.collector()?;
        if collector.is_some() {
            return Ok((Self::sent_to(collector.as_ref(), args)?, None));
        }
        let (traces, recent) = Traces::shown(args.sampling()?);
        Ok((Self::with(Metrics::default(), Some(traces), args)?, Some(recent)))
    }

    fn sent_to(collector: Option<&Collector>, args: &TelemetryArgs) -> Result<Self, Failure> {
        let Some(collector) = collector else {
            return Self::with(Metrics::default(), None, args);
        };
        let refused =
            |error: ExporterBuildError| Failure::Usage(format!("--otlp-endpoint: {}", Chain(&error)));
        let sampling = args.sampling()?;
        let metrics = Metrics::sent_to(collector).map_err(refused)?;
        let traces = Traces::to(collector, sampling, &metrics.meter()).map_err(refused)?;
        Self::with(metrics, Some(traces), args)
    }

    fn with(metrics: Metrics, traces: Option<Traces>, args: &TelemetryArgs) -> Result<Self, Failure> {
        let log = start_log(&args.log, traces.as_ref())?;
        let (access_log, writer) = args.access_log.then(log::lines).unzip();
        Ok(Self {
            metrics,
            access_log,
            traces,
            _access_log_writer: writer,
            _log: log,
        })
    }

    /// Sends what waits to the collector, for some seconds at most. Called last: what was served until then is told, too, and
    /// the metrics tell what became of the last spans.
    pub(super) async fn stop(&self) {
        if let Some(traces) = &self.traces {
            traces.stop().await;
        }
        self.metrics.stop().await;
    }
}

/// Starts the log of a command.
pub(super) fn start_log(args: &LogArgs, traces: Option<&Traces>) -> Result<Log, Failure> {
    log::start(args.log_format.into(), traces).map_err(|error| Failure::Usage(format!("RUST_LOG: {error}")))
}
