//! How many calls of the last seconds served and failed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So many parts of the window are forgotten one at a time.
const SLOTS: u32 = 20;

/// The calls of a time that moves on.
#[derive(Debug)]
pub(super) struct Window {
    slot: Duration,
    /// The oldest first, with when each began: at most [`SLOTS`] of them and the one that is being forgotten.
    slots: VecDeque<(Instant, Tally)>,
    sum: Tally,
}

/// How many calls ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) served: u32,
    pub(super) failed: u32,
}

impl Window {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            slot: window / SLOTS,
            slots: VecDeque::new(),
            sum: Tally::default(),
        }
    }

    /// Adds a call that ended now, and gives all of the window.
    pub(super) fn add(&mut self, has_served: bool, now: Instant) -> Tally {
        self.forget(now);
        let is_new = self
            .slots
            .back()
            .is_none_or(|(began, _)| now >= *began + self.slot);
        if is_new {
            self.slots.push_back((now, Tally::default()));
        }
        let slot = self.slots.back_mut().map(|(_, tally)| tally);
        for tally in slot.into_iter().chain([&mut self.sum]) {
            if has_served {
                tally.served += 1;
            } else {
                tally.failed += 1;
            }
        }
        self.sum
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.sum = Tally::default();
    }

    fn forget(&mut self, now: Instant) {
        let window = self.slot * SLOTS;
        while let Some((began, tally)) = self.slots.front() {
            if now.duration_since(*began) < window {
                return;
            }
            self.sum.served -= tally.served;
            self.sum.failed -= tally.failed;
            self.slots.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let (mut window, start) = (Window::new(Duration::from_secs(20)), Instant::now());
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        assert_eq!(window.add(true, at(0.0)), Tally { served: 1, failed: 0 });
        assert_eq!(window.add(false, at(0.5)), Tally { served: 1, failed: 1 });
        assert_eq!(window.add(false, at(19.0)), Tally { served: 1, failed: 2 });
        assert_eq!(window.add(true, at(20.0)), Tally { served: 1, failed: 1 });
        assert_eq!(window.add(true, at(60.0)), Tally { served: 1, failed: 0 });
        window.clear();
        assert_eq!(window.add(false, at(60.0)), Tally { served: 0, failed: 1 });
    }

    #[test]
    fn many_calls_take_no_more_room_than_few() {
        let (mut window, start) = (Window::new(Duration::from_secs(20)), Instant::now());
        for call in 0..100_000 {
            window.add(true, start + Duration::from_millis(call));
        }
        assert!(window.slots.len() <= SLOTS as usize + 1, "{}", window.slots.len());
    }
}
