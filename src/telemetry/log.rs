//! The log: lines on standard error, as text for people or JSON for collectors.
//!
//! ```text
//!   event ─▶ RUST_LOG ─▶ repeats ─▶ a line ─▶ a bounded queue ─▶ a thread ─▶ standard error
//!                           │                       └─ full: dropped, counted, told
//!                           └─ counted, told every ten seconds
//! ```
//!
//! Whoever logs never waits: not for a reader of standard error, who may be slow, hang or be gone.

mod lines;
mod panics;
mod repeats;

use std::io::IsTerminal as _;

use tokio::task::JoinSet;
use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use self::repeats::Repeats;

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
const OWN: &str = "portico::telemetry::log=warn";

/// The log of this process. Dropping it writes what is queued, for about a second at most, and ends it.
#[derive(Debug)]
pub struct Log {
    repeats: Repeats,
    _tasks: JoinSet<()>,
    // Dropped after the last line is queued.
    _writer: lines::Writer,
}

/// Starts the log of this process. `RUST_LOG` chooses what is logged; without it, `info` and above. Panics go there, too.
///
/// # Errors
///
/// If `RUST_LOG` is no filter, or the log was started before.
///
/// # Panics
///
/// Outside of a Tokio runtime.
pub fn start(format: Format) -> Result<Log, Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env()?
        .add_directive(OWN.parse()?);
    let (queue, writer) = lines::start();
    // What cannot be written is counted; the layer itself would say so on standard error, and block there.
    let lines = fmt::layer().with_writer(queue).log_internal_errors(false);
    let layer = match format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().boxed(),
    };
    let repeats = Repeats::default();
    tracing_subscriber::registry()
        .with(layer.with_filter(filter.and(repeats.clone())))
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

impl Drop for Log {
    fn drop(&mut self) {
        self.repeats.tell();
    }
}
