//! The log.

use clap::{Args, ValueEnum};

use crate::telemetry::log::Format;

/// The log.
#[derive(Args, Debug)]
pub struct LogArgs {
    /// How log lines are written; RUST_LOG chooses which
    #[arg(
        long,
        env = "PORTICO_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl From<LogFormat> for Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}
