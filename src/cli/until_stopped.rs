//! Runs until a signal, gracefully; a second signal ends the waiting, a third one the process.

use super::Failure;
use crate::lifecycle::Shutdown;
use crate::lifecycle::signal::Signals;

/// Runs `work`, and hands it each signal as a request to stop.
pub(super) async fn until_stopped<F>(work: impl FnOnce(Shutdown) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut signals = Signals::install().map_err(|error| Failure::failed("no signal handlers", &error))?;
    let shutdown = Shutdown::default();
    let thrice = async {
        signals.next().await;
        shutdown.request();
        signals.next().await;
        shutdown.request();
        signals.next().await;
    };
    tokio::select! {
        done = work(shutdown.clone()) => done?,
        () = thrice => return Err(Failure::Failed("ended at once, on the third signal".to_owned())),
    }
    if shutdown.is_urgent() {
        return Err(Failure::Failed(
            "stopped at once, on the second signal".to_owned(),
        ));
    }
    Ok(())
}
