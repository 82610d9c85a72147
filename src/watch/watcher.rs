//! A watcher: the frames of one `ActiveCalls` answer, and how it ends.
//!
//! It is a [place](super::place::Place) in its feed and one timer. It holds no queue: what it tells next is decided when the
//! connection has room for it, so a slow reader gets fewer and larger steps, never more memory. Frames are shared
//! [`Bytes`], handed out without a copy.
//!
//! ```text
//!   Open ── drain, rotation ──▶ Leaving: what is pending, bookmark, goodbye ──▶ end
//!     └──── deadline, staleness, stuck, the feed failed ──────────────────────▶ end
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_stream::Stream;

use super::end::End;
use super::farewell::Farewell;
use super::log::Log;
use super::metrics::Ending;
use super::place::Place;
use super::registry::Seat;

/// What a caller wants of a watch.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to resume; empty = a snapshot.
    pub resume_token: Bytes,
    /// After how much silence to send a bookmark.
    pub heartbeat: Duration,
    /// End the stream when the state is older; zero = never.
    pub max_staleness: Duration,
    /// When the caller gives up.
    pub deadline: Option<Instant>,
}

pin_project! {
    /// The frames of one `ActiveCalls` answer. An end that is no rotation comes as the last item.
    #[derive(Debug)]
    pub struct Watcher {
        seat: Seat,
        ending: Ending,
        heartbeat: Duration,
        max_staleness: Duration,
        deadline: Option<Instant>,
        rotate_at: Instant,
        last_sent: Instant,
        phase: Phase,
        #[pin]
        changed: OwnedNotified,
        #[pin]
        timer: Sleep,
    }
}

/// How far the stream is.
#[derive(Debug)]
enum Phase {
    Open,
    /// What is still told before a planned end, and whether the goodbye was.
    Leaving(Farewell, bool),
    Ended,
}

/// What to do now.
enum Step {
    /// So many events begin with it: none with the rest of one.
    Send(Bytes, i64),
    Leave(Farewell),
    End(End),
    Wait(Instant),
}

impl Watcher {
    pub(super) fn new(seat: Seat, options: &Options) -> Self {
        let now = Instant::now();
        let Options {
            resume_token: _,
            heartbeat,
            max_staleness,
            deadline,
        } = *options;
        let rotate_after = seat.params().rotate_after.mul_f64(seat.params().jittered());
        Self {
            changed: Arc::clone(&seat.feed.changed).notified_owned(),
            timer: sleep_until(now),
            ending: seat.metrics().watch(),
            seat,
            heartbeat,
            max_staleness,
            deadline,
            rotate_at: now + rotate_after,
            last_sent: now,
            phase: Phase::Open,
        }
    }
}

impl Stream for Watcher {
    type Item = Result<Bytes, End>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            match this.phase {
                Phase::Open => {}
                Phase::Leaving(farewell, said) => {
                    if let Some(frame) = farewell.frame(said, this.seat, *this.heartbeat) {
                        // The last one is a bookmark and the goodbye.
                        this.ending.tells(if *said { 2 } else { 1 });
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    let end = farewell.end(*said, this.seat);
                    this.ending.is(end.map_or("rotated", End::reason));
                    *this.phase = Phase::Ended;
                    return Poll::Ready(end.map(Err));
                }
                Phase::Ended => return Poll::Ready(None),
            }
            let now = Instant::now();
            // Listen first and look then, so that nothing falls in between.
            this.changed
                .set(Arc::clone(&this.seat.feed.changed).notified_owned());
            let step = Look {
                seat: this.seat,
                heartbeat: *this.heartbeat,
                max_staleness: *this.max_staleness,
                deadline: *this.deadline,
                rotate_at: *this.rotate_at,
                last_sent: *this.last_sent,
            }
            .step(now);
            match step {
                Step::Send(frame, events) => {
                    this.ending.tells(events);
                    *this.last_sent = now;
                    return Poll::Ready(Some(Ok(frame)));
                }
                Step::Leave(farewell) => *this.phase = Phase::Leaving(farewell, false),
                Step::End(end) => {
                    this.ending.is(end.reason());
                    *this.phase = Phase::Ended;
                    return Poll::Ready(Some(Err(end)));
                }
                Step::Wait(until) => {
                    this.timer.as_mut().reset(until);
                    if this.changed.as_mut().poll(cx).is_pending() {
                        ready!(this.timer.as_mut().poll(cx));
                    }
                }
            }
        }
    }
}

/// All that the next step depends on, besides the feed.
struct Look<'w> {
    seat: &'w Seat,
    heartbeat: Duration,
    max_staleness: Duration,
    deadline: Option<Instant>,
    rotate_at: Instant,
    last_sent: Instant,
}

impl Look<'_> {
    fn step(self, now: Instant) -> Step {
        let mut shared = self.seat.feed.lock();
        let closed = shared.closed;
        let good = shared.poller.last_good();
        let Some((log, place)) = shared.log_and_place(self.seat.place) else {
            return Step::End(End::NoPoll(None));
        };
        place.look(log, self.seat.params().stuck_after, now);
        let step = self.step_at(place, log, closed, good, now);
        if let Step::Send(frame, _) = &step {
            place.hand(frame);
        }
        step
    }

    fn step_at(
        self,
        place: &mut Place,
        log: &mut Log,
        closed: Option<End>,
        good: Option<Instant>,
        now: Instant,
    ) -> Step {
        let is_given_up = place.is_given_up();
        let Some(cursor) = place.cursor() else {
            return Step::End(End::NoPoll(None));
        };
        if let Some(rest) = cursor.rest_of_message() {
            return Step::Send(rest, 0);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Step::End(End::Deadline);
        }
        if is_given_up {
            return Step::End(End::SlowConsumer);
        }
        let too_old = good
            .filter(|_| !self.max_staleness.is_zero())
            .and_then(|good| good.checked_add(self.max_staleness));
        if too_old.is_some_and(|at| at <= now) {
            return Step::End(End::Stale);
        }
        match closed {
            None => {}
            Some(End::Draining) => return Step::Leave(Farewell::Draining),
            Some(end) => return Step::End(end),
        }
        if self.rotate_at <= now {
            return Step::Leave(Farewell::Rotated);
        }
        if let Some(frame) = cursor.next(log, self.heartbeat, now) {
            return Step::Send(frame, 1);
        }
        let heartbeat_at = self.last_sent + self.heartbeat;
        if heartbeat_at <= now {
            return Step::Send(log.bookmark(self.heartbeat), 1);
        }
        let wake = [Some(heartbeat_at), Some(self.rotate_at), self.deadline, too_old];
        Step::Wait(wake.into_iter().flatten().min().unwrap_or(heartbeat_at))
    }
}
