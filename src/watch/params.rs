//! The settings of the watch.

use std::time::Duration;

use super::history::Limits;

/// The settings of the watch. The defaults are the contract's.
#[derive(Clone, Debug)]
pub struct Params {
    /// From the end of one poll to the start of the next.
    pub interval: Duration,
    /// Intervals, rotations and the like are stretched or shrunk by up to this share.
    pub jitter: f64,
    /// After how long without change a feed is polled more slowly.
    pub quiet_after: Duration,
    /// How much more slowly. Failing polls back off as far, too.
    pub slow_factor: u32,
    /// Quick polls of all feeds at one time, and half as many slow ones beside them: polls must not starve the calls.
    pub concurrent_polls: usize,
    /// How long a feed is kept after its last watcher.
    pub linger: Duration,
    /// How long a watcher waits at open for a first good poll.
    pub open_timeout: Duration,
    /// `STALE` after this many intervals without a good poll…
    pub stale_intervals: u32,
    /// …and no earlier than this.
    pub stale_after: Duration,
    /// `DOWN` after this long without a good poll.
    pub down_after: Duration,
    /// An answer without calls right after this many or more is confirmed by one more poll.
    pub confirm_empty: usize,
    /// How many deltas are kept…
    pub ring_entries: usize,
    /// …for how long…
    pub ring_age: Duration,
    /// …and how many bytes of them.
    pub ring_bytes: usize,
    /// Snapshots larger than this are sent in parts, in bytes.
    pub snapshot_part: usize,
    /// A change larger than this is told as a snapshot, which comes in parts: clients refuse messages above 4 MiB.
    pub max_delta: usize,
    /// How long data may be pending for a watcher that reads nothing.
    pub stuck_after: Duration,
    /// After how long a stream ends so that watchers spread over gateways.
    pub rotate_after: Duration,
    /// Over how long the watchers of a stopping gateway are told to come back.
    pub reconnect_window: Duration,
    /// Watchers of one feed.
    pub max_feed_watchers: usize,
    /// Watchers of the process.
    pub max_watchers: usize,
    /// Feeds of one customer by one licence.
    pub max_customer_feeds: usize,
    /// Feeds that one connection has started: each is polled for it. A proxy brings many users over few connections.
    pub max_connection_feeds: usize,
    /// Feeds of the process.
    pub max_feeds: usize,
    /// What the watch of the process may hold in memory, in bytes.
    pub memory: usize,
}

impl Params {
    /// How much is kept of a feed's past.
    pub(super) fn history(&self) -> Limits {
        Limits {
            entries: self.ring_entries,
            age: self.ring_age,
            bytes: self.ring_bytes,
            max_delta: self.max_delta,
        }
    }

    /// The largest page of a snapshot: small enough that a change makes little of it anew and that a reader which stops
    /// holds little, and large enough that a page is no small HTTP/2 frame.
    pub(super) fn snapshot_page(&self) -> usize {
        (self.snapshot_part / 4).max(1)
    }

    /// After how long a poll is slow. A quick one waits for turns that others hold no longer than that, so it is the
    /// part of an interval that a wait may add. The floor is for intervals that are shorter than most answers.
    pub(super) fn slow_after(&self) -> Duration {
        (self.interval / 4).max(Duration::from_millis(250))
    }

    /// A factor around 1, drawn anew each time.
    pub(super) fn jittered(&self) -> f64 {
        1.0 + self.jitter * rand::random_range(-1.0..=1.0)
    }
}

impl Default for Params {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(2),
            jitter: 0.1,
            quiet_after: Duration::from_secs(300),
            slow_factor: 4,
            concurrent_polls: 32,
            linger: Duration::from_secs(15),
            open_timeout: Duration::from_secs(5),
            stale_intervals: 3,
            stale_after: Duration::from_secs(10),
            down_after: Duration::from_secs(60),
            confirm_empty: 3,
            ring_entries: 128,
            ring_age: Duration::from_secs(120),
            ring_bytes: 8 * 1024 * 1024,
            snapshot_part: 64 * 1024,
            max_delta: 2 * 1024 * 1024,
            stuck_after: Duration::from_secs(60),
            rotate_after: Duration::from_secs(30 * 60),
            reconnect_window: Duration::from_secs(20),
            max_feed_watchers: 1_000,
            max_watchers: 20_000,
            max_customer_feeds: 64,
            max_connection_feeds: 500,
            max_feeds: 2_000,
            memory: 256 * 1024 * 1024,
        }
    }
}
