//! The tasks that run as long as the gateway does. One that ends earlier is noticed, whether it panicked or returned.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

use super::error::Error;

/// How a task ended, unless it panicked.
pub(super) type TaskResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Tasks with names. Dropping it ends them all.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    tasks: JoinSet<TaskResult>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    /// Starts a task that is to run until it is ended from here.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = TaskResult> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Completes when one of the tasks has ended; never if there are none.
    pub(super) async fn ended(&mut self) -> Error {
        let Some(ended) = self.tasks.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let (id, source) = match ended {
            Ok((id, Ok(()))) => (id, None),
            Ok((id, Err(error))) => (id, Some(error)),
            // The message of a panic may hold anything, and the panic hook has printed it already.
            Err(error) => (error.id(), Some("it panicked".into())),
        };
        let task = self.names.get(&id).copied().unwrap_or_default();
        Error::Task { task, source }
    }

    /// Ends all tasks and waits for their end.
    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::future::pending;

    use super::*;

    async fn ended(task: impl Future<Output = TaskResult> + Send + 'static) -> (String, Option<String>) {
        let mut tasks = Tasks::default();
        tasks.spawn("another task", pending());
        tasks.spawn("the task", task);
        let error = tasks.ended().await;
        tasks.stop().await;
        (error.to_string(), error.source().map(ToString::to_string))
    }

    #[tokio::test]
    async fn a_task_that_ends_in_any_way_is_named() {
        let told = |cause: Option<&str>| {
            let what = "the task has ended while the gateway runs";
            (what.to_owned(), cause.map(str::to_owned))
        };
        assert_eq!(ended(async { Ok(()) }).await, told(None));
        assert_eq!(ended(async { Err("broken".into()) }).await, told(Some("broken")));
        assert_eq!(
            ended(async { panic!("with a secret") }).await,
            told(Some("it panicked"))
        );
    }
}
