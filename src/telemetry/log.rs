//! The log: lines on standard error, as text for people or JSON for collectors. Beside it, lines on standard output.
//!
//! ```text
//!   event ─▶ RUST_LOG ─▶ repeats ─▶ a line ─▶ a bounded queue ─▶ a thread ─▶ standard error
//!                           │                       └─ full: dropped, counted, told
//!                           └─ counted, told after ten seconds and then each minute
//! ```
//!
//! Whoever logs never waits: not for a reader of standard error, who may be slow, hang or be gone.

mod json;
mod lines;
mod panics;
mod repeats;

use std::io::IsTerminal as _;

use tokio::task::JoinSet;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use self::json::Traced;
pub use self::lines::{Lines, Writer};
use self::repeats::Repeats;
use super::traces::Traces;

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What the log says of itself, whatever `RUST_LOG` chooses: of what it has left out, and of panics.
const OWN: &str = "portico::telemetry::log=info";

/// The log of this process. Dropping it writes what is queued, for about a second at most, and ends it.
#[derive(Debug)]
pub struct Log {
    repeats: Repeats,
    _tasks: JoinSet<()>,
    // Dropped after the last line is queued.
    _writer: lines::Writer,
}

/// Starts the log of this process, and its traces if there are to be any. `RUST_LOG` chooses what is logged; without it,
/// `info` and above. Panics go there, too.
///
/// # Errors
///
/// If `RUST_LOG` is no filter, or the log was started before.
///
/// # Panics
///
/// Outside of a Tokio runtime.
pub fn start(
    format: Format,
    traces: Option<&Traces>,
) -> Result<Log, Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env()?
        .add_directive(OWN.parse()?);
    let most = filter.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let (queue, writer) = lines::to_stderr();
    // What cannot be written is counted; the layer itself would say so on standard error, and block there.
    let lines = fmt::layer().with_writer(queue).log_internal_errors(false);
    let layer = match format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().map_event_format(Traced).boxed(),
    };
    let repeats = Repeats::default();
    tracing_subscriber::registry()
        .with(layer.with_filter(filter.and(capped()).and(repeats.clone())))
        .with(traces.map(Traces::layer))
        .with(traces.map(|traces| traces.gate(most)))
        .try_init()?;
    panics::into_the_log();
    let mut tasks = JoinSet::new();
    tasks.spawn(repeats.clone().keep_telling());
    Ok(Log {
        repeats,
        _tasks: tasks,
        _writer: writer,
    })
}

/// Lines on standard output, beside the log: a bounded queue, and who empties it. Dropping the latter writes what is queued, for
/// about a second at most.
#[must_use]
pub fn lines() -> (Lines, Writer) {
    lines::to_stdout()
}

/// What is below `info` of dependencies that tell of URLs, headers or bytes on their way. `RUST_LOG` cannot choose it: there
/// the licence may be, and what callers send.
fn capped() -> Targets {
    const TELLING: [&str; 8] = [
        "h2",
        "hyper",
        "hyper_util",
        "reqwest",
        "rustls",
        "tonic",
        "tonic_web",
        "tower",
    ];
    let most = TELLING.map(|target| (target, LevelFilter::INFO));
    Targets::new().with_default(LevelFilter::TRACE).with_targets(most)
}

impl Drop for Log {
    fn drop(&mut self) {
        self.repeats.tell();
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn dependencies_that_tell_of_urls_are_not_heard_below_info() {
        let capped = capped();
        for target in [
            "h2::codec",
            "hyper::proto::h1",
            "hyper_util::client",
            "reqwest::connect",
        ] {
            assert!(capped.would_enable(target, &Level::INFO), "{target}");
            assert!(!capped.would_enable(target, &Level::DEBUG), "{target}");
        }
        assert!(capped.would_enable("portico::dispatch", &Level::TRACE));
    }
}
