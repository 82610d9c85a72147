//! Panics as lines of the log. The hook of the standard library writes to standard error itself, and would block there.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::{panic, thread};

use tracing::field;

/// Logs panics from now on, with what the hook of the standard library tells.
pub(super) fn into_the_log() {
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let is_wanted = backtrace.status() == BacktraceStatus::Captured;
        tracing::error!(
            thread = thread::current().name(),
            location = panic.location().map(field::display),
            backtrace = is_wanted.then(|| field::display(&backtrace)),
            "panicked: {}",
            message(panic.payload()),
        );
    }));
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, set_hook, take_hook};

    use super::*;
    use crate::telemetry::Written;

    #[test]
    fn a_panic_is_a_line_of_the_log_that_says_where_and_why() {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time();
        let subscriber = subscriber.with_writer(written.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            // Another test's thread may have met the event first, and settled that nobody listens.
            tracing::callsite::rebuild_interest_cache();
            let before = take_hook();
            into_the_log();
            let panicked = [
                catch_unwind(|| panic!("a text")),
                catch_unwind(|| panic!("a number: {}", 7)),
                catch_unwind(|| panic::panic_any(7)),
            ];
            set_hook(before);
            assert!(panicked.iter().all(Result::is_err));
        });
        let text = written.take();
        for why in [
            "ERROR portico::telemetry::log::panics: panicked: a text thread=",
            "panicked: a number: 7 thread=",
            "panicked: no message thread=",
            "location=src/telemetry/log/panics.rs:",
        ] {
            assert!(text.contains(why), "{why}: {text}");
        }
    }
}
