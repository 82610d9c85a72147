use tokio::time::advance;
use tracing::{debug, info};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::telemetry::Written;

/// The lines of a log.
#[derive(Default)]
struct Lines(Written);

impl Lines {
    /// Those since this was asked last, in the order of the alphabet.
    fn take(&self) -> Vec<String> {
        let Self(written) = self;
        let text = written.take();
        let mut lines: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
        lines.sort_unstable();
        lines
    }
}

/// A log of this thread, as long as the guard lives.
fn start() -> (Repeats, Lines, tracing::subscriber::DefaultGuard) {
    let (repeats, lines) = (Repeats::default(), Lines::default());
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_writer(lines.0.clone());
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(repeats.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    // Another test's thread may have met the events first, and settled that nobody listens.
    tracing::callsite::rebuild_interest_cache();
    (repeats, lines, guard)
}

fn fail(operation: &str) {
    warn!(operation, error = %"no connection", "the call failed");
}

/// A feed's trouble, as told after so many milliseconds.
fn turn(feed: u32, freshness: &str, after_ms: u32) {
    warn!(feed, freshness, after_ms, "a feed turned");
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
    repeats.end_window();
    assert_eq!(
        lines.take(),
        [r#"WARN repeated: the call failed operation="List" error=no connection times=4 seconds=10"#]
    );
}

#[test]
fn what_goes_on_is_counted_each_minute_and_logged_again_after_a_time_without() {
    let (repeats, lines, _guard) = start();
    let windows = |windows, per_window| {
        for _ in 0..windows {
            (0..per_window).for_each(|_| fail("List"));
            repeats.end_window();
        }
        lines.take()
    };
    let told = |times, seconds| {
        format!(
            r#"WARN repeated: the call failed operation="List" error=no connection times={times} seconds={seconds}"#
        )
    };
    let first = r#"WARN the call failed operation="List" error=no connection"#;
    assert_eq!(windows(1, 3), [&told(2, 10), first]);
    assert!(windows(5, 3).is_empty());
    assert_eq!(windows(1, 3), [told(18, 60)]);
    assert!(windows(6, 0).is_empty());
    assert_eq!(windows(1, 1), [first]);
    assert_eq!(windows(1, 1), [first], "it came once in the window before");
}

#[test]
fn lines_of_one_kind_differ_in_which_and_how_much() {
    let (repeats, lines, _guard) = start();
    for feed in 0..1000 {
        turn(feed, "STALE", 6000 + feed);
    }
    turn(7, "DOWN", 1);
    assert_eq!(
        lines.take(),
        [
            r#"WARN a feed turned feed=0 freshness="STALE" after_ms=6000"#,
            r#"WARN a feed turned feed=7 freshness="DOWN" after_ms=1"#,
        ]
    );
    repeats.end_window();
    assert_eq!(
        lines.take(),
        [r#"WARN repeated: a feed turned feed=0 freshness="STALE" after_ms=6000 times=999 seconds=10"#]
    );
}

#[test]
fn news_of_many_feeds_are_counted_too() {
    let (repeats, lines, _guard) = start();
    for feed in 0..3 {
        info!(feed, "a feed is live");
    }
    repeats.end_window();
    assert_eq!(
        lines.take(),
        [
            "INFO a feed is live feed=0",
            "INFO repeated: a feed is live feed=0 times=2 seconds=10"
        ]
    );
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
        ["ERROR a defect", "ERROR repeated: a defect times=1 seconds=10"]
    );
}

#[test]
fn what_is_no_warning_is_not_counted() {
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
    for reason in 0..1000 {
        warn!(reason, "too late");
    }
    assert_eq!(lines.take().len(), MAX_KINDS);
    repeats.tell();
    let told = lines.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("WARN more, with other values, like: too late reason="),
        "{told:?}"
    );
    assert!(told[0].ends_with(" times=936 seconds=10"), "{told:?}");
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
async fn counts_are_told_by_themselves_and_at_the_end() {
    let (repeats, lines, _guard) = start();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(repeats.clone().keep_telling());
    tokio::task::yield_now().await;
    for _ in 0..3 {
        fail("List");
    }
    assert_eq!(lines.take().len(), 1);
    advance(WINDOW.saturating_sub(Duration::from_millis(2))).await;
    tokio::task::yield_now().await;
    assert!(lines.take().is_empty());
    advance(Duration::from_millis(2)).await;
    tokio::task::yield_now().await;
    let told = lines.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("times=2 seconds=10"), "{told:?}");
    fail("List");
    repeats.tell();
    let told = lines.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("repeated: ") && told[0].contains(" times=1"),
        "{told:?}"
    );
}

#[test]
fn what_turns_is_always_logged() {
    let (repeats, lines, _guard) = start();
    for _ in 0..2 {
        warn!(state = "open", "the breaker opened");
        info!(state = "closed", "the breaker closed");
    }
    repeats.end_window();
    let [closed, open] = [
        r#"INFO the breaker closed state="closed""#,
        r#"WARN the breaker opened state="open""#,
    ];
    assert_eq!(lines.take(), [closed, closed, open, open]);
}
