//! Until when an answer is wanted: by one caller, by several who wait for the same, or for ever.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// From when on nobody waits for an answer. Clones share it: what is put off is put off for whoever holds one.
#[derive(Clone, Debug, Default)]
pub struct Deadline(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    /// It is always wanted.
    #[default]
    Never,
    At(Instant),
    /// The latest of several; `None` = never.
    Latest(Arc<Mutex<Option<Instant>>>),
}

impl Deadline {
    /// The deadline of the first of those who will wait together.
    #[must_use]
    pub fn shared(first: Option<Instant>) -> Self {
        Self(Kind::Latest(Arc::new(Mutex::new(first))))
    }

    /// Puts a shared deadline off for one more, who waits until then. Any other stays as it is.
    pub fn join(&self, until: Option<Instant>) {
        if let Kind::Latest(latest) = &self.0 {
            let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = latest.zip(until).map(|(latest, until)| latest.max(until));
        }
    }

    /// When it is, as far as is known by now.
    #[must_use]
    pub fn at(&self) -> Option<Instant> {
        match &self.0 {
            Kind::Never => None,
            Kind::At(at) => Some(*at),
            Kind::Latest(latest) => *latest.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// How much time is left by `now`; `None` = any.
    #[must_use]
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.at().map(|at| at.saturating_duration_since(now))
    }
}

impl From<Option<Instant>> for Deadline {
    fn from(at: Option<Instant>) -> Self {
        Self(at.map_or(Kind::Never, Kind::At))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_deadline_is_the_latest_and_never_is_later_than_any() {
        let now = Instant::now();
        let second = |seconds| Some(now + Duration::from_secs(seconds));
        let shared = Deadline::shared(second(3));
        let held = shared.clone();
        shared.join(second(5));
        shared.join(second(1));
        assert_eq!(held.at(), second(5));
        assert_eq!(held.left(now), Some(Duration::from_secs(5)));
        shared.join(None);
        shared.join(second(9));
        assert_eq!(held.at(), None);
    }

    #[test]
    fn the_deadline_of_one_is_not_put_off() {
        let now = Instant::now();
        let one = Deadline::from(Some(now));
        one.join(None);
        assert_eq!(one.at(), Some(now));
        assert_eq!(one.left(now + Duration::from_secs(1)), Some(Duration::ZERO));
    }
}
