//! Why a command ended early, in one line.

use std::error::Error;
use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use crate::config::Refused;
use crate::telemetry::{Chain, within};

/// How long the line may take to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// A flag or its value cannot be used.
    Usage(String),
    /// It failed.
    Failed(String),
    /// It failed and has said so.
    Reported,
}

impl Failure {
    /// `what` failed because of `error`.
    pub(super) fn failed(what: impl Display, error: &(dyn Error + 'static)) -> Self {
        Self::Failed(format!("{what}: {}", Chain(error)))
    }

    /// Writes the line, and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(text) => (text, 2),
            Self::Failed(text) => (text, 1),
            Self::Reported => return ExitCode::FAILURE,
        };
        // If standard error is closed, or nobody reads it, the exit code still tells.
        within(PATIENCE, move || {
            let _ = writeln!(std::io::stderr(), "error: {text}");
        });
        ExitCode::from(code)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Usage(refused.to_string())
    }
}

impl From<&clap::Error> for Failure {
    /// The first paragraph of clap's message on one line; the rest is usage, which `--help` tells better.
    fn from(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let line = lines.join(" ");
        Self::Usage(line.strip_prefix("error: ").unwrap_or(&line).to_owned())
    }
}
