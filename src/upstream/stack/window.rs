//! How many there were in the last seconds.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So many parts of the window are forgotten one at a time.
const SLOTS: u32 = 20;

/// A count of a time that moves on.
#[derive(Debug)]
pub(super) struct Window {
    slot: Duration,
    /// The oldest first, with when each began: at most [`SLOTS`] of them and the one that is being forgotten.
    slots: VecDeque<(Instant, u32)>,
    sum: u32,
}

impl Window {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            slot: window / SLOTS,
            slots: VecDeque::new(),
            sum: 0,
        }
    }

    /// Counts one more now.
    pub(super) fn add(&mut self, now: Instant) {
        self.forget(now);
        match self.slots.back_mut() {
            Some((began, count)) if now < *began + self.slot => *count += 1,
            Some(_) | None => self.slots.push_back((now, 1)),
        }
        self.sum += 1;
    }

    /// How many there were: all that are no older than the window less a twentieth, and none that are as old as it.
    pub(super) fn sum(&mut self, now: Instant) -> u32 {
        self.forget(now);
        self.sum
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.sum = 0;
    }

    fn forget(&mut self, now: Instant) {
        let window = self.slot * SLOTS;
        while let Some((began, count)) = self.slots.front() {
            if now.duration_since(*began) < window {
                return;
            }
            self.sum -= count;
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
        assert_eq!(window.sum(at(0.0)), 0);
        for (seconds, sum) in [(0.0, 1), (0.5, 2), (19.0, 3), (19.9, 4), (20.0, 3), (60.0, 1)] {
            window.add(at(seconds));
            assert_eq!(window.sum(at(seconds)), sum, "at {seconds}");
        }
        assert_eq!(window.sum(at(79.9)), 1);
        assert_eq!(window.sum(at(80.0)), 0);
        window.add(at(80.0));
        window.clear();
        assert_eq!(window.sum(at(80.0)), 0);
    }

    #[test]
    fn many_take_no_more_room_than_few() {
        let (mut window, start) = (Window::new(Duration::from_secs(20)), Instant::now());
        for call in 0..100_000 {
            window.add(start + Duration::from_millis(call));
        }
        assert!(window.slots.len() <= SLOTS as usize + 1, "{}", window.slots.len());
    }
}
