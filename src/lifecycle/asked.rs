//! A call on its way to the upstream, as readiness sees it.

use std::pin::pin;

use tokio::time::{Instant, timeout};

use super::readiness::Readiness;
use super::trouble::Failure;
use super::verdict::{Verdict, verdict};
use crate::upstream::value::Id;
use crate::upstream::{Error, Kind};

/// A call, from before it is sent. Dropping it gives it up, which says something of the upstream if it took long.
#[derive(Debug)]
pub struct Asked {
    readiness: Readiness,
    failure: Failure,
    has_ended: bool,
}

impl Asked {
    /// A call about a customer that is made now.
    #[must_use]
    pub fn now(readiness: &Readiness, customer: Id) -> Self {
        Self {
            readiness: readiness.clone(),
            failure: Failure {
                asked: Instant::now(),
                customer: customer.get(),
            },
            has_ended: false,
        }
    }

    /// Waits for its answer. If that takes too long, readiness hears of it meanwhile.
    ///
    /// # Cancellation
    ///
    /// As `answer`.
    pub async fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        let mut answer = pin!(answer);
        let hangs = self.readiness.params().hangs;
        if let Ok(answer) = timeout(hangs, &mut answer).await {
            return answer;
        }
        self.fail(Kind::Elapsed);
        answer.await
    }

    /// It has ended so.
    pub fn end<T>(mut self, answer: &Result<T, Error>) {
        let verdict = answer.as_ref().map_or_else(verdict, |_| Verdict::Serves);
        // Who has waited in vain has given it up: dropping it tells by how long that was.
        self.has_ended = verdict != Verdict::Waited;
        match verdict {
            Verdict::Serves => self.readiness.served(self.failure.customer),
            Verdict::Fails(kind) => self.fail(kind),
            Verdict::Waited | Verdict::Nothing => {}
        }
    }

    fn fail(&self, kind: Kind) {
        self.readiness.failed(self.failure, kind.error_type());
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let waited = self.failure.asked.elapsed();
        if !self.has_ended && waited >= self.readiness.params().patience {
            self.fail(Kind::Elapsed);
        }
    }
}
