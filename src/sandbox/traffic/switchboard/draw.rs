//! What is drawn from the seeded generator.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// An exponentially distributed time with this mean, by inversion.
pub(super) fn exponential(rng: &mut ChaCha8Rng, mean: Duration) -> Duration {
    // 1 - u is in (0, 1], so the logarithm is finite.
    seconds(-(1.0 - rng.random::<f64>()).ln() * mean.as_secs_f64())
}

/// A number of seconds as a time: the longest if the number is negative, too large or not a number.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// One of the choices, if there is one.
pub(super) fn one_of<'a, T>(rng: &mut ChaCha8Rng, choices: &'a [T]) -> Option<&'a T> {
    if choices.is_empty() {
        return None;
    }
    choices.get(rng.random_range(0..choices.len()))
}

/// The number of somebody outside, withheld now and then.
pub(super) fn outside_number(rng: &mut ChaCha8Rng) -> String {
    match rng.random_range(0..20) {
        0 => "anonymous".to_owned(),
        1..14 => format!("1555{:07}", rng.random_range(0..10_000_000)),
        _ => format!("4420{:08}", rng.random_range(0..100_000_000)),
    }
}
