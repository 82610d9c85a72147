//! How much of an RPC's time was the upstream's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time in which the upstream was being asked for one RPC. What goes on at the same time counts once. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct AskingTime(Arc<Mutex<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    /// How many exchanges are under way, and since when there have been any.
    under_way: u32,
    since: Option<Instant>,
    /// Until then.
    before: Duration,
    is_used: bool,
}

/// The upstream is being asked, until this is dropped.
#[derive(Debug)]
pub struct UnderWay(AskingTime);

impl AskingTime {
    /// The upstream is asked from now on.
    #[must_use]
    pub fn begin(&self) -> UnderWay {
        let mut asked = self.lock();
        asked.is_used = true;
        asked.under_way += 1;
        asked.since.get_or_insert_with(Instant::now);
        UnderWay(self.clone())
    }

    /// For how long the upstream was asked so far; `None` if it was not.
    #[must_use]
    pub fn so_far(&self) -> Option<Duration> {
        let asked = self.lock();
        let now = asked.since.map_or(Duration::ZERO, |since| since.elapsed());
        asked.is_used.then_some(asked.before + now)
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        let Self(asked) = self;
        asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Self(time) = self;
        let mut asked = time.lock();
        asked.under_way -= 1;
        if asked.under_way == 0
            && let Some(since) = asked.since.take()
        {
            asked.before += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_at_the_same_time_counts_once() {
        let time = AskingTime::default();
        advance(SECOND).await;
        assert_eq!(time.so_far(), None);
        let first = time.begin();
        assert_eq!(time.so_far(), Some(Duration::ZERO));
        advance(SECOND).await;
        let second = time.begin();
        advance(SECOND).await;
        drop(first);
        assert_eq!(time.so_far(), Some(2 * SECOND));
        advance(SECOND).await;
        drop(second);
        advance(SECOND).await;
        assert_eq!(time.so_far(), Some(3 * SECOND));
        let _third = time.begin();
        advance(SECOND).await;
        assert_eq!(time.so_far(), Some(4 * SECOND));
    }
}
