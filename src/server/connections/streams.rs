//! The tasks that answer streams of HTTP/2: one each.

use std::time::Duration;

use hyper::rt::Executor;
use tokio_util::task::TaskTracker;

use crate::lifecycle::{ConnectionId, Stream};

/// The tasks of all connections of a listener. A task ends with its stream, and a stream with its connection.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    tasks: TaskTracker,
    patience: Duration,
}

/// Starts the tasks of one connection.
#[derive(Clone, Debug)]
pub(super) struct StreamExecutor {
    streams: Streams,
    connection: ConnectionId,
}

impl Streams {
    /// Each stream has `patience` with a peer that does not read.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            tasks: TaskTracker::new(),
            patience,
        }
    }

    pub(super) fn of(&self, connection: ConnectionId) -> StreamExecutor {
        StreamExecutor {
            streams: self.clone(),
            connection,
        }
    }

    /// Completes when all tasks have ended. There must be no more connections.
    pub(super) async fn ended(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        let Streams { tasks, patience } = &self.streams;
        tasks.spawn(Stream::new(self.connection).answer(*patience, task));
    }
}
