//! Runs until a signal, gracefully; a second signal ends it at once.

use tokio_util::sync::CancellationToken;

use super::Failure;
use crate::lifecycle::signal::Signals;

/// Runs `work` with a token that the first signal cancels.
pub(super) async fn until_stopped<F>(work: impl FnOnce(CancellationToken) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut signals = Signals::install().map_err(|error| Failure::failed("no signal handlers", &error))?;
    let stop = CancellationToken::new();
    let twice = async {
        signals.next().await;
        stop.cancel();
        signals.next().await;
    };
    tokio::select! {
        done = work(stop.clone()) => done,
        () = twice => Err(Failure::Failed("stopped at once, on the second signal".to_owned())),
    }
}
