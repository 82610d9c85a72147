//! Requests to stop: the first asks for an orderly end, the second for no more waiting.

use tokio_util::sync::CancellationToken;

/// Whether the process is asked to stop, and how urgently. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    requested: CancellationToken,
    requested_again: CancellationToken,
}

impl Shutdown {
    /// Asks to stop; the second time, to wait for nothing any more.
    pub fn request(&self) {
        if self.requested.is_cancelled() {
            self.requested_again.cancel();
        }
        self.requested.cancel();
    }

    /// Completes with the first request.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + use<> {
        self.requested.clone().cancelled_owned()
    }

    /// Completes with the second request.
    pub fn requested_again(&self) -> impl Future<Output = ()> + Send + use<> {
        self.requested_again.clone().cancelled_owned()
    }

    /// Whether there was a second request.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.requested_again.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::{assert_pending, assert_ready, task};

    use super::*;

    #[test]
    fn the_second_request_is_more_urgent_than_the_first() {
        let shutdown = Shutdown::default();
        let mut requested = task::spawn(shutdown.requested());
        let mut again = task::spawn(shutdown.requested_again());
        assert_pending!(requested.poll());

        shutdown.request();
        assert_ready!(requested.poll());
        assert_pending!(again.poll());
        assert!(!shutdown.is_urgent());

        shutdown.request();
        assert_ready!(again.poll());
        assert!(shutdown.is_urgent());
    }
}
