//! What operators are told: the log names a feed, and `/feeds` says whose it is.

use std::cell::RefCell;
use std::io;
use std::sync::Once;
use std::time::Duration;

use tokio::time::sleep;
use tracing::Level;
use tracing_subscriber::fmt;

use super::gateway::{Gateway, even, request};
use super::scene::Scene;
use super::upstream::{Answer, Reply, Upstream};

thread_local! {
    static LINES: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What this thread logs from now on, by a subscriber that all threads share: one a thread would let what other tests
/// log decide what is enabled here.
fn capture() {
    static START: Once = Once::new();
    START.call_once(|| {
        let subscriber = fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(|| Lines)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
    });
    LINES.set(Some(String::new()));
}

/// The lines of one level since the capture began.
fn lines(level: Level) -> Vec<String> {
    LINES.with_borrow(|text| {
        let text = text.as_deref().unwrap_or_default();
        let of_level = |line: &&str| line.contains(&format!(" {level} ")) && line.contains("portico::watch");
        text.lines().filter(of_level).map(str::to_owned).collect()
    })
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|text| {
            if let Some(text) = text {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A customer whose number is in no other number of the log.
const CUSTOMER: i64 = 1_837_465_921;

fn scripted(later: fn() -> Reply) -> Gateway {
    let upstream = Upstream::scripted(move |asked| Answer {
        after: Duration::ZERO,
        reply: match asked.number {
            0 => Reply::Scene(Scene::of(2)),
            _ => later(),
        },
    });
    Gateway::new(&upstream, even())
}

#[tokio::test(start_paused = true)]
async fn polls_and_freshness_are_logged_with_the_feed_and_without_the_customer() {
    capture();
    let gateway = scripted(|| Reply::Status(503));
    let _stream = gateway.watch(request(CUSTOMER)).await;
    sleep(Duration::from_secs(11)).await;
    let feeds = gateway.hub.feeds();
    assert_eq!(feeds[0].i_customer, CUSTOMER.to_string());
    let named = format!("feed=\"{}\"", feeds[0].feed);
    let (failed, faded) = (lines(Level::WARN), lines(Level::INFO));
    assert_eq!((failed.len(), faded.len()), (1, 1), "{failed:?} {faded:?}");
    assert!(failed[0].contains("a poll failed") && failed[0].contains("error.type=\"unavailable\""));
    assert!(faded[0].contains("freshness=\"STALE\""));
    for line in failed.iter().chain(&faded) {
        assert!(line.contains(&named), "{line}");
        assert!(!line.contains(&CUSTOMER.to_string()), "{line}");
    }
    let debug = lines(Level::DEBUG);
    let maps = |line: &&String| line.contains(&named) && line.contains(&CUSTOMER.to_string());
    assert_eq!(debug.iter().filter(maps).count(), 1, "{debug:?}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_failed_is_logged_as_an_error() {
    capture();
    let gateway = scripted(|| panic!("a defect"));
    let mut stream = gateway.watch(request(CUSTOMER)).await;
    let named = format!("feed=\"{}\"", gateway.hub.feeds()[0].feed);
    stream.rest().await;
    let errors = lines(Level::ERROR);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains(&named), "{errors:?}");
}
