//! What operators are told: the log names a feed, and `/feeds` says whose it is.

use std::cell::RefCell;
use std::io;
use std::sync::{Once, mpsc};
use std::thread;
use std::time::Duration;

use portico::watch::Hub;
use tokio::time::sleep;
use tracing::Level;
use tracing_subscriber::fmt;

use super::gateway::{Gateway, even, request};
use super::scene::{Scene, call};
use super::upstream::{Answer, Reply, Upstream};

thread_local! {
    static LINES: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Asked for its feeds by another thread with every line, and how often it did not answer.
    static ASKED: RefCell<Option<(Hub, usize)>> = const { RefCell::new(None) };
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

/// Whether `hub` tells its feeds while this thread does something else.
fn answers(hub: Hub) -> bool {
    let (told, feeds) = mpsc::channel();
    thread::spawn(move || told.send(hub.feeds().len()));
    feeds.recv_timeout(Duration::from_secs(2)).is_ok()
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|text| {
            if let Some(text) = text {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
        });
        ASKED.with_borrow_mut(|asked| {
            if let Some((hub, silences)) = asked {
                *silences += usize::from(!answers(hub.clone()));
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

/// A gateway over an upstream that answers the first poll so, and every later one so.
fn scripted(first: Reply, later: Reply) -> Gateway {
    let upstream = Upstream::scripted(move |asked| Answer {
        after: Duration::ZERO,
        reply: match asked.number {
            0 => first.clone(),
            _ => later.clone(),
        },
    });
    Gateway::new(&upstream, even())
}

#[tokio::test(start_paused = true)]
async fn polls_and_freshness_are_logged_with_the_feed_and_without_the_customer() {
    capture();
    let gateway = scripted(Reply::Scene(Scene::of(2)), Reply::Status(503));
    let _stream = gateway.watch(request(CUSTOMER)).await;
    sleep(Duration::from_secs(11)).await;
    let feeds = gateway.hub.feeds();
    assert_eq!(feeds[0].i_customer, CUSTOMER.to_string());
    let named = format!("feed=\"{}\"", feeds[0].feed);
    let (failed, faded) = (lines(Level::INFO), lines(Level::WARN));
    assert_eq!((failed.len(), faded.len()), (1, 1), "{failed:?} {faded:?}");
    assert!(failed[0].contains("a poll failed") && failed[0].contains("error.type=\"unavailable\""));
    assert!(faded[0].contains("freshness=\"STALE\"") && faded[0].contains("error.type=\"unavailable\""));
    for line in failed.iter().chain(&faded) {
        assert!(line.contains(&named), "{line}");
    }
    for line in lines(Level::TRACE)
        .iter()
        .chain(&lines(Level::DEBUG))
        .chain(&failed)
        .chain(&faded)
    {
        assert!(!line.contains(&CUSTOMER.to_string()), "{line}");
    }
}

/// Whatever an error holds of an answer, its line in the log holds no row.
#[tokio::test(start_paused = true)]
async fn no_failure_logs_what_the_rows_say() {
    let scene = || {
        let note = format!("customer {CUSTOMER}");
        Scene {
            calls: (0..3).map(|id| call(id, &note)).collect(),
            ..Scene::default()
        }
    };
    let failures: [fn(Scene) -> Reply; 6] = [
        |_| Reply::Closed,
        |_| Reply::Html,
        |_| Reply::Blank,
        |scene| Reply::Cut(scene, 50),
        |scene| Reply::Cut(scene, 90),
        |scene| Reply::Renamed(scene, "lstportaActiveCalls"),
    ];
    for failure in failures {
        capture();
        let gateway = scripted(Reply::Scene(scene()), failure(scene()));
        let _stream = gateway.watch(request(CUSTOMER)).await;
        sleep(Duration::from_secs(11)).await;
        let failed = lines(Level::WARN);
        assert_eq!(failed.len(), 1, "{failed:?}");
        let mut told = [lines(Level::INFO), lines(Level::DEBUG), failed].concat();
        told.retain(|line| !line.contains("a feed starts"));
        for secret in [
            CUSTOMER.to_string(),
            "@pbx.example.com".to_owned(),
            "+1555".to_owned(),
        ] {
            assert!(told.iter().all(|line| !line.contains(&secret)), "{told:?}");
        }
    }
}

/// A first good poll after the time for STALE used to be logged as a change to LIVE.
#[tokio::test(start_paused = true)]
async fn a_feed_that_opens_late_has_not_changed_its_freshness() {
    capture();
    let upstream = Upstream::scripted(|_| Answer {
        after: Duration::from_secs(12),
        reply: Reply::Scene(Scene::of(2)),
    });
    let gateway = Gateway::new(&upstream, even());
    assert!(gateway.open(request(CUSTOMER)).await.is_err());
    sleep(Duration::from_secs(8)).await;
    assert_eq!(gateway.hub.feeds()[0].freshness, Some("LIVE"));
    assert_eq!(lines(Level::INFO), [""; 0]);
}

/// Lines used to be written while the feed was locked: a slow log would have stopped its watchers and `/feeds`.
#[tokio::test(start_paused = true)]
async fn nothing_is_logged_while_a_feed_is_locked() {
    capture();
    let gateway = scripted(Reply::Scene(Scene::of(2)), Reply::Status(503));
    ASKED.set(Some((gateway.hub.clone(), 0)));
    let _stream = gateway.watch(request(CUSTOMER)).await;
    sleep(Duration::from_secs(11)).await;
    let silences = ASKED.take().map(|(_, silences)| silences);
    assert!(lines(Level::WARN).len() == 1 && lines(Level::INFO).len() == 1);
    assert_eq!(silences, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_failed_is_logged_as_an_error() {
    capture();
    let upstream = Upstream::scripted(|asked| match asked.number {
        0 => Answer {
            after: Duration::ZERO,
            reply: Reply::Scene(Scene::of(2)),
        },
        _ => panic!("a defect"),
    });
    let gateway = Gateway::new(&upstream, even());
    let mut stream = gateway.watch(request(CUSTOMER)).await;
    let named = format!("feed=\"{}\"", gateway.hub.feeds()[0].feed);
    stream.rest().await;
    let errors = lines(Level::ERROR);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains(&named), "{errors:?}");
}
