//! What a connection is doing: what it is judged by when it is to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a peer that is sent away may still open streams, and how long silence means that all has been written.
const LINGER: Duration = Duration::from_secs(1);

/// For how many such times a connection is kept whose calls are done and to which something is still written.
const MAX_LINGERS: usize = 15;

/// How many pieces of answers may wait in a connection before the ends of answers wait for them, too.
const MAX_QUEUED: usize = 64;

/// What a connection is doing. Shared by its parts.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    /// Whether the peer has said which protocol it speaks.
    greeted: AtomicBool,
    /// How often something was written.
    writes: AtomicUsize,
    /// Pieces of answers that the connection has taken and not yet written.
    queued: AtomicUsize,
    /// Calls in flight: from the head of the request to the end of the answer.
    open: AtomicUsize,
    /// When the last call ended, in milliseconds since the beginning.
    idle_since: AtomicU64,
    /// Whether new calls are refused.
    refusing: AtomicBool,
    /// The last call in flight has ended.
    quiet: Notify,
}

/// A call in flight, until dropped.
#[derive(Debug)]
pub(super) struct Call(Arc<Activity>);

/// Why a connection is to end, whose peer has not ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The peer did not say which protocol it speaks.
    Silent,
    /// There was no call for some time.
    Idle,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            greeted: AtomicBool::new(false),
            writes: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            refusing: AtomicBool::new(false),
            quiet: Notify::new(),
        }
    }

    pub(super) fn greeted(&self) {
        self.greeted.store(true, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
    }

    /// A call begins, unless new ones are refused.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Call> {
        if self.refusing.load(Ordering::Relaxed) {
            return None;
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Call(self.clone()))
    }

    /// The connection takes a piece of an answer.
    pub(super) fn enqueue(&self) {
        self.queued.fetch_add(1, Ordering::Relaxed);
    }

    /// The piece is written, or given up.
    pub(super) fn dequeue(&self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether more pieces wait to be written than a peer leaves that reads.
    pub(super) fn is_clogged(&self) -> bool {
        self.queued.load(Ordering::Relaxed) > MAX_QUEUED
    }

    /// Completes when the connection has no reason to be: it has not begun within `greeting`, or has been without a call
    /// for `idle`.
    pub(super) async fn useless(&self, greeting: Duration, idle: Duration) -> Leave {
        sleep_until(self.began + greeting).await;
        if !self.greeted.load(Ordering::Relaxed) {
            return Leave::Silent;
        }
        loop {
            let now = Instant::now();
            let idle_at = if self.is_quiet() { self.last_call() } else { now } + idle;
            if idle_at <= now {
                return Leave::Idle;
            }
            sleep_until(idle_at).await;
        }
    }

    /// Completes when a connection that is sent away has nothing more to do, whether or not its peer goes.
    ///
    /// For a moment streams are taken that the peer has opened before it heard of the end. Then its last call is waited for,
    /// and until what was written has left, but not long.
    pub(super) async fn finished(&self) {
        sleep(LINGER).await;
        self.refusing.store(true, Ordering::Relaxed);
        loop {
            let quiet = self.quiet.notified();
            if self.is_quiet() {
                break;
            }
            quiet.await;
        }
        for _ in 0..MAX_LINGERS {
            let before = self.writes.load(Ordering::Relaxed);
            sleep(LINGER).await;
            let is_written = self.queued.load(Ordering::Relaxed) == 0;
            if is_written && self.writes.load(Ordering::Relaxed) == before {
                break;
            }
        }
    }

    fn is_quiet(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    fn last_call(&self) -> Instant {
        self.began + Duration::from_millis(self.idle_since.load(Ordering::Relaxed))
    }
}

impl Call {
    pub(super) fn connection(&self) -> &Arc<Activity> {
        &self.0
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Self(activity) = self;
        let since = u64::try_from(activity.began.elapsed().as_millis());
        activity
            .idle_since
            .store(since.unwrap_or(u64::MAX), Ordering::Relaxed);
        if activity.open.fetch_sub(1, Ordering::Release) == 1 {
            activity.quiet.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::task;
    use tokio_test::{assert_pending, assert_ready, assert_ready_eq};

    use super::*;

    const GREETING: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(300);

    #[tokio::test(start_paused = true)]
    async fn who_has_not_greeted_in_time_is_silent() {
        let activity = Activity::new();
        let began = Instant::now();
        assert_eq!(activity.useless(GREETING, IDLE).await, Leave::Silent);
        assert_eq!(began.elapsed(), GREETING);
    }

    #[tokio::test(start_paused = true)]
    async fn idleness_counts_from_the_end_of_the_last_call() {
        let activity = Arc::new(Activity::new());
        activity.greeted();
        let mut useless = task::spawn(activity.useless(GREETING, IDLE));
        assert_pending!(useless.poll());
        tokio::time::advance(2 * IDLE).await;
        let call = activity.begin().expect("calls are taken");
        assert_pending!(useless.poll());
        tokio::time::advance(10 * IDLE).await;
        assert_pending!(useless.poll());
        drop(call);
        tokio::time::advance(9 * IDLE / 10).await;
        assert_pending!(useless.poll());
        tokio::time::advance(IDLE / 10).await;
        assert_ready_eq!(useless.poll(), Leave::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_sent_away_ends_its_calls_and_takes_no_more() {
        let activity = Arc::new(Activity::new());
        let call = activity.begin().expect("calls are taken");
        let mut finished = task::spawn(activity.finished());
        assert_pending!(finished.poll());
        let late = activity.begin().expect("its peer may not know yet");
        tokio::time::advance(LINGER).await;
        assert_pending!(finished.poll());
        assert!(activity.begin().is_none());
        drop((call, late));
        assert_pending!(finished.poll());
        activity.wrote();
        tokio::time::advance(LINGER).await;
        assert_pending!(finished.poll());
        tokio::time::advance(LINGER).await;
        assert_ready!(finished.poll());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_without_end_is_not_waited_for() {
        let activity = Activity::new();
        let mut finished = task::spawn(activity.finished());
        for _ in 0..=MAX_LINGERS {
            activity.wrote();
            assert_pending!(finished.poll());
            tokio::time::advance(LINGER).await;
        }
        assert_ready!(finished.poll());
    }
}
