//! How long to wait before the next attempt.

use std::time::Duration;

use super::params::Params;

/// Doubling delays for breaks in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    breaks: u32,
    last: Duration,
}

impl Backoff {
    /// The delay after one more break. `draw` is random in 0..1, drawn anew for each delay: clients that were cut off
    /// together must not come back together.
    pub(super) fn next(&mut self, params: &Params, draw: f64) -> Duration {
        let factor = 2_u32.saturating_pow(self.breaks);
        let delay = params
            .first_delay
            .saturating_mul(factor)
            .min(params.longest_delay);
        self.breaks = self.breaks.saturating_add(1);
        self.last = delay.mul_f64(1.0 - draw / 2.0);
        self.last
    }

    /// How many breaks in a row there have been.
    pub(super) fn breaks(&self) -> u32 {
        self.breaks
    }

    /// A stream was good for `lived`. This ends the row of breaks only if it is longer than the wait before the stream:
    /// a gateway that takes every watch and drops it is asked less and less often, too.
    pub(super) fn lived(&mut self, lived: Duration) {
        if lived > self.last {
            self.planned();
        }
    }

    /// The end was planned, so nothing is broken.
    pub(super) fn planned(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_are_shortened_by_up_to_half() {
        let params = Params {
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_millis(350),
            ..Params::default()
        };
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..4).map(|_| backoff.next(&params, 0.0).as_millis()).collect();
        assert_eq!(delays, [100, 200, 350, 350]);
        assert_eq!(backoff.next(&params, 1.0).as_millis(), 175);
        for _ in 0..100 {
            backoff.next(&params, 0.5);
        }
        assert_eq!(backoff.next(&params, 0.0).as_millis(), 350);
    }

    #[test]
    fn a_stream_that_lives_less_than_the_wait_for_it_is_one_more_break() {
        let params = Params::default();
        let mut backoff = Backoff::default();
        let first = backoff.next(&params, 0.0);
        backoff.lived(first / 2);
        let second = backoff.next(&params, 0.0);
        assert_eq!(second, first * 2);
        backoff.lived(second * 2);
        assert_eq!(backoff.next(&params, 0.0), first);
    }
}
