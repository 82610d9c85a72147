//! Everything that is logged: all levels, all targets, with fields and spans.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// What is logged on this thread until this is dropped. A test's server, upstream and client share its thread.
pub(crate) struct Log(());

impl Log {
    /// Everything that the gateway says, and everything that the libraries under it do: `RUST_LOG` can ask for both.
    pub(crate) fn capture() -> Self {
        static START: Once = Once::new();
        START.call_once(start);
        CAPTURED.set(Some(Vec::new()));
        Self(())
    }

    /// All lines so far.
    pub(crate) fn text(&self) -> String {
        let Self(()) = self;
        CAPTURED
            .with_borrow(|bytes| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        CAPTURED.set(None);
    }
}

/// One subscriber for all threads: with one per thread, the logging of other tests would decide what is enabled here.
fn start() {
    let capturing = || CAPTURED.with_borrow(Option::is_some);
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(|| Lines)
        .with_filter(dynamic_filter_fn(move |_, _| capturing()));
    let subscriber = tracing_subscriber::registry().with(lines);
    tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
}

/// Writes to what this thread captures.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED.with_borrow_mut(|captured| {
            if let Some(captured) = captured {
                captured.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
