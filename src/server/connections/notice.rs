//! A warning that is given now and then, however often there is a reason.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two warnings.
const EVERY: Duration = Duration::from_secs(30);

/// When a warning was last given, and how often there was a reason since.
#[derive(Debug, Default)]
pub(super) struct Notice {
    last: Option<Instant>,
    untold: u64,
}

impl Notice {
    /// There is a reason. If it is time for a warning, how often there was one since the last, this time included.
    pub(super) fn count(&mut self) -> Option<u64> {
        self.untold += 1;
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return None;
        }
        self.last = Some(Instant::now());
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_is_told_at_once_and_the_others_together() {
        let mut notice = Notice::default();
        assert_eq!(notice.count(), Some(1));
        assert_eq!(notice.count(), None);
        tokio::time::advance(EVERY).await;
        assert_eq!(notice.count(), Some(2));
        assert_eq!(notice.count(), None);
    }
}
