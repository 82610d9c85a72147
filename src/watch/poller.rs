//! When to poll, and how far the state can be trusted: a state machine in data, without IO.
//!
//! ```text
//!               due                    finish
//!   waiting ──────────▶ polling ────────────────────▶ waiting
//!                                 unchanged, changed      interval (slower when quiet)
//!                                 unconfirmed             a quarter of it
//!                                 failed                  interval, doubled each time
//!                                 refused by the breaker  until it lets one through, and an interval
//!              give_up, before the upstream was asked     interval; none without a state
//! ```
//!
//! Freshness follows the last good poll by time, whether or not a poll is under way; from a poll that the breaker refuses to
//! the next good one the feed is down. Before the first good poll there is no state, and none of it is fresh or not.

use std::time::Duration;

use prost_types::Timestamp;
use tokio::time::Instant;

use super::end::{NotLive, PollFailure};
use super::health::Health;
use super::params::Params;
use crate::proto::v1::Freshness;

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polled {
    /// A good answer: the state as it is.
    Unchanged,
    /// A good answer: another state.
    Changed,
    /// A good answer that is not believed before it is confirmed.
    Unconfirmed,
    /// No good answer.
    Failed(PollFailure),
}

/// The polls of one feed.
#[derive(Debug)]
pub(super) struct Poller {
    interval: Duration,
    jitter: f64,
    slow_interval: Duration,
    quiet_after: Duration,
    stale_after: Duration,
    down_after: Duration,
    /// `None` while a poll is under way or waits for its turn.
    next: Option<Instant>,
    /// How many polls have failed in a row, and how the last one did.
    failures: u32,
    last_failure: Option<PollFailure>,
    /// Whether the breaker has refused a poll since the last good one.
    is_cut_off: bool,
    last_good: Option<Instant>,
    last_change: Instant,
    /// Unspecified until the first good poll is taken note of.
    freshness: Freshness,
    since: Timestamp,
}

impl Poller {
    /// Polls that begin at once.
    pub(super) fn new(params: &Params, now: Instant) -> Self {
        let stale_after = params.stale_after.max(params.interval * params.stale_intervals);
        // Half of it, so that one slow or lost poll of a quiet feed does not make it stale.
        let slowest = (stale_after / 2).max(params.interval);
        Self {
            interval: params.interval,
            jitter: params.jitter,
            slow_interval: (params.interval * params.slow_factor).min(slowest),
            quiet_after: params.quiet_after,
            stale_after,
            down_after: params.down_after.max(stale_after),
            next: Some(now),
            failures: 0,
            last_failure: None,
            is_cut_off: false,
            last_good: None,
            last_change: now,
            freshness: Freshness::Unspecified,
            since: Timestamp::default(),
        }
    }

    /// Whether a poll is to be started now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// A poll was started, or queued for its turn.
    pub(super) fn start(&mut self) {
        self.next = None;
    }

    /// The poll ended. By `chance`, drawn from 0 to 1, the next comes somewhat earlier or later.
    pub(super) fn finish(&mut self, polled: Polled, chance: f64, now: Instant) {
        match polled {
            Polled::Unchanged => self.last_good = Some(now),
            Polled::Changed => (self.last_good, self.last_change) = (Some(now), now),
            Polled::Unconfirmed | Polled::Failed(_) => {}
        }
        (self.failures, self.last_failure) = match polled {
            // It says nothing about the feed that its other failures have not said.
            Polled::Failed(failure) if failure.was_not_asked() => (self.failures.max(1), Some(failure)),
            Polled::Failed(failure) => (self.failures.saturating_add(1), Some(failure)),
            Polled::Unchanged | Polled::Changed | Polled::Unconfirmed => (0, None),
        };
        self.is_cut_off = match polled {
            Polled::Failed(failure) => self.is_cut_off || failure.was_not_asked(),
            Polled::Unconfirmed => self.is_cut_off,
            Polled::Unchanged | Polled::Changed => false,
        };
        let wait = match polled {
            Polled::Failed(failure) if failure.was_not_asked() => {
                // All feeds are told the same time: they come back over an interval, and not at once.
                let spread = self.interval.mul_f64(chance);
                self.next = Some(now + failure.retry_after.unwrap_or_default() + spread);
                return;
            }
            Polled::Unconfirmed => self.interval / 4,
            Polled::Failed(_) => {
                let doubled = 2_u32.saturating_pow(self.failures - 1);
                self.interval.saturating_mul(doubled).min(self.slow_interval)
            }
            Polled::Unchanged | Polled::Changed => {
                let quiet = now.duration_since(self.last_change) >= self.quiet_after;
                if quiet { self.slow_interval } else { self.interval }
            }
        };
        self.next = Some(now + self.jittered(wait, chance));
    }

    /// The poll was given up before the upstream was asked. Where there is no state yet, the next is due at once: whoever
    /// has come just now waits for it.
    pub(super) fn give_up(&mut self, chance: f64, now: Instant) {
        let wait = self.last_good.map_or(Duration::ZERO, |_| self.interval);
        self.next = Some(now + self.jittered(wait, chance));
    }

    fn jittered(&self, wait: Duration, chance: f64) -> Duration {
        wait.mul_f64(1.0 + self.jitter * (2.0 * chance - 1.0))
    }

    /// Takes note of the freshness by `now`, which is `wall` by the clock on the wall.
    pub(super) fn refresh(&mut self, now: Instant, wall: Timestamp) {
        let Some(last_good) = self.last_good else { return };
        let age = now.duration_since(last_good);
        let freshness = if self.is_cut_off || age >= self.down_after {
            Freshness::Down
        } else if age >= self.stale_after {
            Freshness::Stale
        } else {
            Freshness::Live
        };
        if freshness != self.freshness {
            (self.freshness, self.since) = (freshness, wall);
        }
    }

    /// When something is to be done: a poll is due, or the freshness changes.
    pub(super) fn wake(&self) -> Option<Instant> {
        let lasts = match self.freshness {
            Freshness::Live => Some(self.stale_after),
            Freshness::Stale => Some(self.down_after),
            Freshness::Down | Freshness::Unspecified => None,
        };
        let fades = self.last_good.zip(lasts).map(|(good, lasts)| good + lasts);
        [self.next, fades].into_iter().flatten().min()
    }

    /// How far the state can be trusted, as last taken note of; nothing to tell before the first good poll.
    pub(super) fn health(&self) -> Health {
        let cause = self.last_failure.map_or(NotLive::Pending, NotLive::Failed);
        Health {
            freshness: self.freshness,
            since: self.since,
            cause: Some(cause).filter(|_| self.freshness != Freshness::Live),
            next_poll: self.next,
        }
    }

    /// When the last good poll ended.
    pub(super) fn last_good(&self) -> Option<Instant> {
        self.last_good
    }

    /// How the last poll failed, if it did.
    pub(super) fn last_failure(&self) -> Option<PollFailure> {
        self.last_failure
    }

    /// When the next poll starts; `None` while one is under way or waits for its turn.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    pub(super) fn failures_in_a_row(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Kind;

    const SECOND: Duration = Duration::from_secs(1);

    fn failed() -> Polled {
        Polled::Failed(PollFailure {
            kind: Kind::Failed,
            retry_after: None,
        })
    }

    /// The new freshness, if it has changed by now.
    fn refresh(poller: &mut Poller, now: Instant) -> Option<Freshness> {
        let was = poller.freshness;
        poller.refresh(now, Timestamp::default());
        Some(poller.freshness).filter(|freshness| *freshness != was)
    }

    fn poller() -> (Poller, Instant) {
        let now = Instant::now();
        (Poller::new(&Params::default(), now), now)
    }

    /// Lets a poll start and end at `now`, and gives the wait until the next.
    fn poll(poller: &mut Poller, how: Polled, now: Instant) -> Duration {
        poller.start();
        assert_eq!(poller.next, None, "one poll in flight");
        poller.finish(how, 0.5, now);
        poller.refresh(now, Timestamp::default());
        poller.next.unwrap() - now
    }

    #[test]
    fn the_first_poll_is_due_at_once_and_only_one_is_in_flight() {
        let (mut poller, now) = poller();
        assert!(poller.is_due(now));
        poller.start();
        assert!(!poller.is_due(now + 100 * SECOND));
    }

    #[test]
    fn a_quiet_feed_is_polled_more_slowly_and_a_change_brings_back_full_speed() {
        let (mut poller, now) = poller();
        assert_eq!(poll(&mut poller, Polled::Changed, now), 2 * SECOND);
        assert_eq!(
            poll(&mut poller, Polled::Unchanged, now + 299 * SECOND),
            2 * SECOND
        );
        assert_eq!(
            poll(&mut poller, Polled::Unchanged, now + 300 * SECOND),
            5 * SECOND
        );
        assert_eq!(poll(&mut poller, Polled::Changed, now + 305 * SECOND), 2 * SECOND);
    }

    #[test]
    fn failures_back_off_and_a_good_answer_ends_that() {
        let (mut poller, now) = poller();
        let waits: Vec<_> = (0..4).map(|_| poll(&mut poller, failed(), now)).collect();
        assert_eq!(waits, [2 * SECOND, 4 * SECOND, 5 * SECOND, 5 * SECOND]);
        assert_eq!(poll(&mut poller, Polled::Unchanged, now), 2 * SECOND);
    }

    #[test]
    fn an_unconfirmed_answer_is_confirmed_soon() {
        let (mut poller, now) = poller();
        assert_eq!(poll(&mut poller, Polled::Unconfirmed, now), SECOND / 2);
    }

    #[test]
    fn freshness_fades_with_the_age_of_the_last_good_poll_even_while_one_hangs() {
        let (mut poller, now) = poller();
        poll(&mut poller, Polled::Changed, now);
        poller.start();
        assert_eq!(poller.wake(), Some(now + 10 * SECOND));
        assert_eq!(
            refresh(&mut poller, now + 10 * SECOND - Duration::from_millis(1)),
            None
        );
        assert_eq!(refresh(&mut poller, now + 10 * SECOND), Some(Freshness::Stale));
        assert_eq!(refresh(&mut poller, now + 11 * SECOND), None, "told once");
        assert_eq!(poller.wake(), Some(now + 60 * SECOND));
        assert_eq!(refresh(&mut poller, now + 60 * SECOND), Some(Freshness::Down));
        assert_eq!(poller.wake(), None, "only the poll under way can change anything");
        poller.finish(Polled::Unchanged, 0.5, now + 61 * SECOND);
        assert_eq!(refresh(&mut poller, now + 61 * SECOND), Some(Freshness::Live));
    }

    #[test]
    fn a_failed_or_unconfirmed_poll_does_not_freshen() {
        let (mut poller, now) = poller();
        poll(&mut poller, Polled::Changed, now);
        poll(&mut poller, failed(), now + 9 * SECOND);
        poll(&mut poller, Polled::Unconfirmed, now + 9 * SECOND);
        assert_eq!(refresh(&mut poller, now + 10 * SECOND), Some(Freshness::Stale));
    }

    /// The time since which it is live used to be 1970.
    #[test]
    fn a_state_is_live_since_its_first_good_poll_however_late_that_comes() {
        let (mut poller, now) = poller();
        assert_eq!(refresh(&mut poller, now + 70 * SECOND), None, "there is no state");
        poller.start();
        assert_eq!(poller.wake(), None);
        poller.finish(Polled::Changed, 0.5, now + 80 * SECOND);
        let wall = Timestamp {
            seconds: 80,
            nanos: 0,
        };
        poller.refresh(now + 80 * SECOND, wall);
        let health = poller.health();
        assert_eq!((health.freshness, health.since), (Freshness::Live, wall));
    }

    #[test]
    fn a_state_that_is_not_live_has_a_cause_and_one_that_is_has_none() {
        let (mut poller, now) = poller();
        let cause = |poller: &mut Poller, at| {
            poller.refresh(at, Timestamp::default());
            poller.health().cause
        };
        poll(&mut poller, Polled::Changed, now);
        poll(&mut poller, failed(), now + 2 * SECOND);
        assert_eq!(cause(&mut poller, now + 9 * SECOND), None, "it is live");
        let failure = NotLive::Failed(poller.last_failure().unwrap());
        assert_eq!(cause(&mut poller, now + 10 * SECOND), Some(failure));
        poller.start();
        assert_eq!(
            cause(&mut poller, now + 11 * SECOND),
            Some(failure),
            "until the next has ended"
        );
        poller.finish(Polled::Unconfirmed, 0.5, now + 12 * SECOND);
        assert_eq!(cause(&mut poller, now + 12 * SECOND), Some(NotLive::Pending));
        poll(&mut poller, Polled::Unchanged, now + 13 * SECOND);
        assert_eq!(cause(&mut poller, now + 13 * SECOND), None);
    }

    #[test]
    fn a_poll_that_the_breaker_refuses_takes_the_feed_down_until_the_next_good_one() {
        let (mut poller, now) = poller();
        poll(&mut poller, Polled::Changed, now);
        let refused = Polled::Failed(PollFailure {
            kind: Kind::BreakerOpen,
            retry_after: Some(3 * SECOND),
        });
        assert_eq!(poll(&mut poller, refused, now + SECOND), 3 * SECOND + SECOND);
        assert_eq!(poller.freshness, Freshness::Down);
        assert_eq!(poll(&mut poller, refused, now + 5 * SECOND), 4 * SECOND);
        // The one that is let through fails: a first failure.
        assert_eq!(poll(&mut poller, failed(), now + 9 * SECOND), 4 * SECOND);
        assert_eq!(poller.freshness, Freshness::Down, "it was not well in between");
        poll(&mut poller, Polled::Unchanged, now + 13 * SECOND);
        assert_eq!(poller.freshness, Freshness::Live);
    }

    #[test]
    fn staleness_is_three_intervals_where_that_is_longer() {
        let now = Instant::now();
        let params = Params {
            interval: 20 * SECOND,
            ..Params::default()
        };
        let mut poller = Poller::new(&params, now);
        poll(&mut poller, Polled::Changed, now);
        assert_eq!(refresh(&mut poller, now + 59 * SECOND), None);
        assert_eq!(
            refresh(&mut poller, now + 60 * SECOND),
            Some(Freshness::Down),
            "and never down before stale"
        );
    }
}
