//! The HTTP stream that a task answers, and how it is reset from outside.

use tokio::task_local;
use tokio_util::sync::CancellationToken;

task_local! {
    static CURRENT: Stream;
}

/// The HTTP stream that the present task answers. It can be reset from outside.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    reset: CancellationToken,
}

impl Stream {
    /// The stream that this task answers, if the server told: in tests there may be none.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Resets the stream, whether or not its peer reads. What it had still to send is dropped.
    pub fn reset(&self) {
        self.reset.cancel();
    }

    /// `task` as the answer of this stream, ended when it is reset.
    pub async fn answer<F: Future<Output = ()>>(self, task: F) {
        let reset = self.reset.clone();
        reset.run_until_cancelled(CURRENT.scope(self, task)).await;
    }
}
