//! What a command tells of itself while it runs: starts it, and ends it last.

use super::Failure;
use crate::config::{LogArgs, TelemetryArgs};
use crate::telemetry::log::{self, Lines, Log};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::{Recent, Traces};

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
        let metrics = args.metrics()?;
        let traces = args.traces(&metrics.meter())?;
        Self::with(args, metrics, traces)
    }

    /// Starts it; without a collector the last traces are kept.
    pub(super) fn start_shown(args: &TelemetryArgs) -> Result<(Self, Option<Recent>), Failure> {
        let metrics = args.metrics()?;
        let (traces, recent) = args.traces_or_recent(&metrics.meter())?;
        Ok((Self::with(args, metrics, Some(traces))?, recent))
    }

    fn with(args: &TelemetryArgs, metrics: Metrics, traces: Option<Traces>) -> Result<Self, Failure> {
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

    /// Sends what waits to the collector, for some seconds at most. Called last: what was served until then is told, too.
    pub(super) async fn stop(&self) {
        let traces = async {
            if let Some(traces) = &self.traces {
                traces.stop().await;
            }
        };
        tokio::join!(traces, self.metrics.stop());
    }
}

/// Starts the log of a command.
pub(super) fn start_log(args: &LogArgs, traces: Option<&Traces>) -> Result<Log, Failure> {
    log::start(args.log_format.into(), traces).map_err(|error| Failure::Usage(format!("RUST_LOG: {error}")))
}
