use std::io;

use tokio::time::advance;
use tracing::{debug, info};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// What has been logged, line by line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn take(&self) -> Vec<String> {
        let bytes = mem::take(&mut *self.0.lock().expect("no panic"));
        let text = String::from_utf8(bytes).expect("text");
        let mut lines: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
        lines.sort_unstable();
        lines
    }
}

/// A log of this thread, as long as the guard lives.
fn start() -> (Repeats, Lines, tracing::subscriber::DefaultGuard) {
    let (repeats, lines) = (Repeats::default(), Lines::default());
    let to = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_writer(move || to.clone());
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(repeats.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    // Another test's thread may have met the events first, and settled that nobody listens.
    tracing::callsite::rebuild_interest_cache();
    (repeats, lines, guard)
}

fn fail(operation: &str) {
    warn!(operation, error = %"no connection", "the call failed");
}

#[test]
fn equal_warnings_are_one_line_and_a_count() {
    let (repeats, lines, _guard) = start();
    for _ in 0..5 {
        fail("List");
    }
    fail("Add");
    assert_eq!(
        lines.take(),
        [
            r#"WARN the call failed operation="Add" error=no connection"#,
            r#"WARN the call failed operation="List" error=no connection"#,
        ]
    );
    repeats.tell();
    assert_eq!(
        lines.take(),
        [r#"WARN repeated: the call failed operation="List" error=no connection times=4"#]
    );
    fail("List");
    assert_eq!(lines.take().len(), 1, "a window begins with a line");
    repeats.tell();
    assert!(lines.take().is_empty());
}

#[test]
fn equal_words_of_two_places_are_two_lines() {
    let (_, lines, _guard) = start();
    warn!("trouble");
    warn!("trouble");
    assert_eq!(lines.take(), ["WARN trouble", "WARN trouble"]);
}

#[test]
fn the_count_is_as_important_as_its_lines() {
    let (repeats, lines, _guard) = start();
    for _ in 0..2 {
        error!("a defect");
    }
    repeats.tell();
    assert_eq!(
        lines.take(),
        ["ERROR a defect", "ERROR repeated: a defect times=1"]
    );
}

#[test]
fn what_is_no_warning_is_never_counted() {
    let (repeats, lines, _guard) = start();
    for _ in 0..2 {
        info!("news");
        debug!("details");
    }
    repeats.tell();
    assert_eq!(
        lines.take(),
        ["DEBUG details", "DEBUG details", "INFO news", "INFO news"]
    );
}

#[test]
fn a_place_with_ever_other_values_is_counted_as_a_whole() {
    let (repeats, lines, _guard) = start();
    for within in 0..1000 {
        warn!(within, "too late");
    }
    assert_eq!(lines.take().len(), MAX_LINES);
    repeats.tell();
    let told = lines.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("WARN more, with other values, like: too late within="),
        "{told:?}"
    );
    assert!(told[0].ends_with(" times=936"), "{told:?}");
}

#[test]
fn what_is_kept_of_a_long_line_has_a_bound() {
    let mut line = Line::default();
    for umlauts in [255, 1, 255] {
        write!(line, "a{}", "ä".repeat(umlauts)).expect("it does not fail");
    }
    let Line(line) = line;
    assert_eq!(line, format!("a{}a", "ä".repeat(255)), "an umlaut has two bytes");
}

/// A value whose code logs.
struct Chatty;

impl fmt::Debug for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fail("Format");
        f.write_str("chatty")
    }
}

#[test]
fn a_value_that_logs_does_not_lock_the_log() {
    let (_, lines, _guard) = start();
    warn!(value = ?Chatty, "odd");
    assert!(lines.take().contains(&"WARN odd value=chatty".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn counts_are_told_at_the_end_of_each_window() {
    let (repeats, lines, _guard) = start();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(repeats.keep_telling());
    tokio::task::yield_now().await;
    for window in 0..2 {
        for _ in 0..3 {
            fail("List");
        }
        assert_eq!(lines.take().len(), 1);
        advance(WINDOW.saturating_sub(Duration::from_millis(2))).await;
        tokio::task::yield_now().await;
        assert!(lines.take().is_empty(), "window {window}");
        advance(Duration::from_millis(2)).await;
        tokio::task::yield_now().await;
        let told = lines.take();
        assert_eq!(told.len(), 1, "window {window}: {told:?}");
        assert!(told[0].ends_with("times=2"), "{told:?}");
    }
}
