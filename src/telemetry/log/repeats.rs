//! Warnings and errors that repeat are one line and a count.
//!
//! Time goes in windows. In each, the first of equal lines is logged, the others are counted, and at the end of the window
//! their number is told. Lines are equal if they come from the same place and hold the same values. A place that logs ever
//! other values is counted as a whole after its first lines, so what is kept and what is logged has bounds.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, error, warn};
use tracing_subscriber::layer::{Context, Filter};

/// How long equal lines are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// The most different lines of one place that are logged in a window.
const MAX_LINES: usize = 64;

/// The most bytes of a line that are compared, kept and told.
const MAX_LEN: usize = 512;

/// Lets a line through if it is the first of its kind. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats(Arc<Mutex<Window>>);

/// What was logged in this window, by its place in the code.
#[derive(Debug, Default)]
struct Window(HashMap<Identifier, Place>);

#[derive(Debug)]
struct Place {
    level: Level,
    /// How often each line was repeated.
    repeated: HashMap<String, usize>,
    /// How many more lines there were, of other values.
    others: usize,
}

/// A line with what it holds, cut where it gets long.
#[derive(Default)]
struct Line(String);

// === impl Repeats ===

impl Repeats {
    /// Tells at the end of each window what was repeated in it. Never ends.
    pub(super) async fn keep_telling(self) {
        loop {
            sleep(WINDOW).await;
            self.tell();
        }
    }

    /// Ends the window: tells what was repeated in it.
    pub(super) fn tell(&self) {
        // What is told is logged, and so comes back here: not while the window is locked.
        let Window(places) = mem::take(&mut *self.lock());
        for place in places.into_values() {
            let Place {
                level,
                repeated,
                others,
            } = place;
            let example = repeated.keys().next().cloned().unwrap_or_default();
            for (line, times) in repeated.into_iter().filter(|(_, times)| *times > 0) {
                tell(level, times, format_args!("repeated: {line}"));
            }
            if others > 0 {
                tell(
                    level,
                    others,
                    format_args!("more, with other values, like: {example}"),
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(level: Level, times: usize, what: fmt::Arguments<'_>) {
    if level == Level::ERROR {
        error!(times, "{what}");
    } else {
        warn!(times, "{what}");
    }
}

impl<S> Filter<S> for Repeats {
    /// A filter that says "always" must not refuse an event later.
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_counted(metadata) {
            Interest::sometimes()
        } else {
            Interest::always()
        }
    }

    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if !is_counted(metadata) {
            return true;
        }
        // Values are written before the lock is taken: their code is not known here.
        let mut line = Line::default();
        event.record(&mut line);
        let Line(line) = line;
        self.lock().is_new(metadata, line)
    }
}

/// Less important lines are chosen by `RUST_LOG`, and what is told from here has been counted.
fn is_counted(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target() != module_path!()
}

// === impl Window ===

impl Window {
    /// Whether the line is to be logged; else it is counted.
    fn is_new(&mut self, metadata: &Metadata<'_>, line: String) -> bool {
        let Self(places) = self;
        let place = places.entry(metadata.callsite()).or_insert_with(|| Place {
            level: *metadata.level(),
            repeated: HashMap::new(),
            others: 0,
        });
        if let Some(times) = place.repeated.get_mut(&line) {
            *times += 1;
            return false;
        }
        if place.repeated.len() == MAX_LINES {
            place.others += 1;
            return false;
        }
        place.repeated.insert(line, 0);
        true
    }
}

// === impl Line ===

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a line does not fail.
        let _ = match field.name() {
            "message" => write!(self, "{value:?}"),
            name => write!(self, " {name}={value:?}"),
        };
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Self(line) = self;
        let room = (MAX_LEN - line.len()).min(text.len());
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end));
        line.push_str(&text[..end.unwrap_or_default()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
