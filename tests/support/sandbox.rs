//! The sandbox as the upstream.

use portico::sandbox::{self, Sandbox, Seen};
use tokio::task::JoinSet;

use super::listener;

/// A sandbox that runs until it is dropped.
pub(crate) struct RunningSandbox {
    pub(crate) url: String,
    pub(crate) handle: Sandbox,
    _tasks: JoinSet<()>,
}

impl RunningSandbox {
    /// The recorded server.
    pub(crate) async fn recorded() -> Self {
        Self::with(sandbox::Params::default()).await
    }

    pub(crate) async fn with(params: sandbox::Params) -> Self {
        let (listener, url) = listener().await;
        let handle = Sandbox::new(params);
        let mut tasks = JoinSet::new();
        tasks.spawn(sandbox::run(listener, handle.clone(), std::future::pending()));
        Self {
            url,
            handle,
            _tasks: tasks,
        }
    }

    /// How many requests have arrived, apart from the gateway's question whether the upstream is there.
    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    /// How many of them were changes.
    #[allow(dead_code, reason = "not all tests make changes")]
    pub(crate) fn changes(&self) -> usize {
        let names_one = |seen: &Seen| {
            ["Name", "ExtensionRecordId"]
                .iter()
                .any(|member| seen.members.contains_key(member))
        };
        self.seen().into_iter().filter(names_one).count()
    }

    /// The requests for operations, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let recent = self.handle.stats().recent;
        assert!(recent.len() < 100, "older requests are forgotten");
        recent
            .into_iter()
            .filter(|seen| !seen.members.is_empty())
            .collect()
    }
}
