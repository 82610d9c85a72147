//! The end of waiting for the upstream: when the gateway stops, calls in flight are answered before their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use crate::upstream::{Effect, Error};

/// Whether the calls in flight are cut off. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    token: CancellationToken,
    changes: AtomicUsize,
    reads: AtomicUsize,
    unsent: AtomicUsize,
}

/// How many calls were cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    /// Changes, whose outcome is unknown.
    pub changes: usize,
    /// Reads.
    pub reads: usize,
    /// Changes that were to be sent, and were not.
    pub unsent: usize,
}

impl Cut {
    /// Cuts off the calls in flight, and those to come.
    pub(super) fn make(&self) {
        self.0.token.cancel();
    }

    /// How many calls have been cut off.
    pub(super) fn so_far(&self) -> CutOff {
        CutOff {
            changes: self.0.changes.load(Ordering::Relaxed),
            reads: self.0.reads.load(Ordering::Relaxed),
            unsent: self.0.unsent.load(Ordering::Relaxed),
        }
    }

    /// Whether it has been made.
    pub(super) fn is_made(&self) -> bool {
        self.0.token.is_cancelled()
    }

    /// Completes when it is made.
    pub(super) async fn made(&self) {
        self.0.token.cancelled().await;
    }

    /// Counts a change that was cut off.
    pub(super) fn count_change(&self) {
        self.0.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// What `preparing` a change gives, if it does before the cut. It sends no change.
    ///
    /// # Errors
    ///
    /// Those of `preparing`; [`Error::ShuttingDown`].
    pub(super) async fn before_sending<T>(
        &self,
        preparing: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            () = self.made() => {
                self.0.unsent.fetch_add(1, Ordering::Relaxed);
                Err(Error::ShuttingDown)
            }
            prepared = preparing => prepared,
        }
    }

    /// What `call` of this effect gives, if it does before the cut.
    ///
    /// # Errors
    ///
    /// Those of `call`. After the cut nothing is sent: [`Error::ShuttingDown`]. A call that is cut off may have reached
    /// the upstream: [`Error::CutOff`], which is [`Error::OutcomeUnknown`] for a change.
    pub(super) async fn before<T>(
        &self,
        effect: Effect,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if self.is_made() {
            return Err(Error::ShuttingDown);
        }
        tokio::select! {
            // An answer that is there is told, whatever happens at the same time.
            biased;
            answer = call => answer,
            () = self.made() => {
                let count = match effect {
                    Effect::Read => &self.0.reads,
                    Effect::Add | Effect::Change => &self.0.changes,
                };
                count.fetch_add(1, Ordering::Relaxed);
                Err(effect.told(Error::CutOff))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio_test::{assert_pending, assert_ready, task};

    use super::*;
    use crate::upstream::Kind;

    fn kind<T>(answer: Result<T, Error>) -> Option<Kind> {
        answer.err().map(|error| error.kind())
    }

    #[test]
    fn a_change_in_flight_is_unknown_and_a_read_just_has_no_answer() {
        for (effect, expected, count) in [
            (Effect::Read, Kind::ShuttingDown, (0, 1)),
            (Effect::Add, Kind::OutcomeUnknown, (1, 0)),
            (Effect::Change, Kind::OutcomeUnknown, (1, 0)),
        ] {
            let cut = Cut::default();
            let mut call = task::spawn(cut.before(effect, pending::<Result<(), Error>>()));
            assert_pending!(call.poll());
            cut.make();
            assert_eq!(kind(assert_ready!(call.poll())), Some(expected), "{effect:?}");
            let CutOff {
                changes,
                reads,
                unsent,
            } = cut.so_far();
            assert_eq!((changes, reads, unsent), (count.0, count.1, 0), "{effect:?}");
        }
    }

    #[test]
    fn an_answer_that_is_there_is_told() {
        let cut = Cut::default();
        let (tell, told) = tokio::sync::oneshot::channel();
        let answer = async { told.await.expect("it is told") };
        let mut call = task::spawn(cut.before(Effect::Change, answer));
        assert_pending!(call.poll());
        tell.send(Ok(7)).expect("it is awaited");
        cut.make();
        assert_eq!(assert_ready!(call.poll()).expect("the answer"), 7);
        assert_eq!(cut.so_far(), CutOff::default());
    }

    #[test]
    fn nothing_is_sent_after_the_cut() {
        let cut = Cut::default();
        cut.make();
        let sent = std::cell::Cell::new(false);
        let call = async {
            sent.set(true);
            ready(Ok(())).await
        };
        let mut call = task::spawn(cut.before(Effect::Change, call));
        assert_eq!(kind(assert_ready!(call.poll())), Some(Kind::ShuttingDown));
        assert!(!sent.get());
    }
}
