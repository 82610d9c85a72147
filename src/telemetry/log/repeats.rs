//! What repeats is one line and a count.
//!
//! Of each kind of warning the first is logged as it is, and the others are counted. Their number is told after ten seconds,
//! and each minute from then on as long as they come; the first that comes after a time without is logged again. Lines are of
//! one kind if they come from the same place with the same words, and have the same values of what metrics are told apart by:
//! which feed, how long, or how many is not asked. News of feeds are counted like warnings, as there are many feeds. What turns
//! to a `state` is always logged: it is rare by itself, and the last such line is to be true.
//!
//! A place that has ever other kinds is counted as a whole after its first ones, so what is kept and what is logged has
//! bounds.

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
use tracing::{Event, Level, Metadata, error, info, warn};
use tracing_subscriber::layer::{Context, Filter};

use crate::telemetry::names::{label, line};

/// How long is counted before it is told for the first time.
const WINDOW: Duration = Duration::from_secs(10);

/// How many windows are counted before it is told again.
const LATER: u32 = 6;

/// The most kinds of one place that are told apart.
const MAX_KINDS: usize = 64;

/// The most bytes of a line that are compared, kept and told.
const MAX_LEN: usize = 512;

/// The fields by which lines are of different kinds.
const TELLING: [&str; 9] = [
    "message",
    label::ERROR_TYPE,
    label::OPERATION,
    label::OUTCOME,
    label::REASON,
    label::FRESHNESS,
    line::LICENSE,
    line::LISTENER,
    line::LOCATION,
];

/// The places whose lines have been counted: this one, and that which counts lines that were dropped.
const OWN: [&str; 2] = [module_path!(), super::lines::TARGET];

/// Lets a line through if it is the first of its kind. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats(Arc<Mutex<Places>>);

/// What was logged, by its place in the code.
#[derive(Debug, Default)]
struct Places(HashMap<Identifier, Place>);

#[derive(Debug)]
struct Place {
    level: Level,
    /// By the values that tell them apart.
    kinds: HashMap<String, Kind>,
    /// The lines of all other kinds.
    others: Option<Kind>,
}

#[derive(Debug)]
struct Kind {
    /// The first one.
    line: Line,
    /// How often it came since it was told.
    times: usize,
    /// How many windows have ended since, and at how many it is told.
    windows: u32,
    due: u32,
}

/// What is told of a place.
#[derive(Debug)]
struct Told {
    level: Level,
    times: usize,
    windows: u32,
    what: String,
}

/// A line with what it holds, cut where it gets long.
#[derive(Debug, Default)]
struct Line(String);

/// What is seen of an event: of which kind it is, and the line.
#[derive(Default)]
struct Seen {
    kind: Line,
    line: Line,
}

// === impl Repeats ===

impl Repeats {
    /// Tells what was repeated, when it is due. Never ends.
    pub(super) async fn keep_telling(self) {
        loop {
            sleep(WINDOW).await;
            self.end_window();
        }
    }

    /// A window is over: tells what is due.
    fn end_window(&self) {
        let told = self.lock().end_window();
        // It is logged, and so comes back here: not while this is locked.
        told.into_iter().for_each(Told::log);
    }

    /// Tells all that was repeated, and forgets it.
    pub(super) fn tell(&self) {
        let mut places = mem::take(&mut *self.lock());
        places.make_due();
        places.end_window().into_iter().for_each(Told::log);
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut seen = Seen::default();
        event.record(&mut seen);
        self.lock().is_new(metadata, seen)
    }
}

/// Less important lines are chosen by `RUST_LOG`, and what the log tells of itself has been counted.
fn is_counted(metadata: &Metadata<'_>) -> bool {
    let has = |name| metadata.fields().field(name).is_some();
    let is_counted = match *metadata.level() {
        Level::ERROR | Level::WARN => !has(label::STATE),
        Level::INFO => has(line::FEED),
        _ => false,
    };
    metadata.is_event() && is_counted && !OWN.contains(&metadata.target())
}

// === impl Places ===

impl Places {
    /// Whether the line is to be logged; else it is counted.
    fn is_new(&mut self, metadata: &Metadata<'_>, seen: Seen) -> bool {
        let Self(places) = self;
        let Seen {
            kind: Line(kind),
            line,
        } = seen;
        let place = places.entry(metadata.callsite()).or_insert_with(|| Place {
            level: *metadata.level(),
            kinds: HashMap::new(),
            others: None,
        });
        if let Some(known) = place.kinds.get_mut(&kind) {
            known.times += 1;
            return false;
        }
        if place.kinds.len() == MAX_KINDS {
            place.others.get_or_insert_with(|| Kind::new(line)).times += 1;
            return false;
        }
        place.kinds.insert(kind, Kind::new(line));
        true
    }

    /// Everything is to be told at the end of this window.
    fn make_due(&mut self) {
        let Self(places) = self;
        for place in places.values_mut() {
            for kind in place.kinds.values_mut().chain(&mut place.others) {
                kind.due = 0;
            }
        }
    }

    /// What is to be told now. What has not come again is forgotten.
    fn end_window(&mut self) -> Vec<Told> {
        let Self(places) = self;
        let mut told = Vec::new();
        places.retain(|_, place| {
            place.end_window(&mut told);
            !place.kinds.is_empty()
        });
        told
    }
}

// === impl Place ===

impl Place {
    fn end_window(&mut self, told: &mut Vec<Told>) {
        let Self { level, kinds, others } = self;
        kinds.retain(|_, kind| kind.end_window(*level, "repeated", told));
        others.take_if(|others| !others.end_window(*level, "more, with other values, like", told));
    }
}

// === impl Kind ===

impl Kind {
    fn new(line: Line) -> Self {
        Self {
            line,
            times: 0,
            windows: 0,
            due: 1,
        }
    }

    /// Adds what is to be told of it now, if it is due. Whether it may come again; else it is to be forgotten.
    fn end_window(&mut self, level: Level, what: &str, told: &mut Vec<Told>) -> bool {
        self.windows += 1;
        if self.windows < self.due {
            return true;
        }
        let Line(line) = &self.line;
        let (times, windows) = (mem::take(&mut self.times), mem::take(&mut self.windows));
        self.due = LATER;
        if times > 0 {
            told.push(Told {
                level,
                times,
                windows,
                what: format!("{what}: {line}"),
            });
        }
        times > 0
    }
}

// === impl Told ===

impl Told {
    fn log(self) {
        let Self {
            level,
            times,
            windows,
            what,
        } = self;
        let seconds = u64::from(windows) * WINDOW.as_secs();
        match level {
            Level::ERROR => error!(times, seconds, "{what}"),
            Level::WARN => warn!(times, seconds, "{what}"),
            _ => info!(times, seconds, "{what}"),
        }
    }
}

// === impl Seen ===

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.line.add(field, value);
        if TELLING.contains(&field.name()) {
            self.kind.add(field, value);
        }
    }
}

// === impl Line ===

impl Line {
    fn add(&mut self, field: &Field, value: &dyn fmt::Debug) {
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
