//! Work that may block for ever, such as a write that nobody reads, with a limit to how long it is waited for.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Does `work` on a thread of its own, and returns when it is done, or when `limit` is over: then it goes on, until the
/// process ends.
pub fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel::<()>();
    let thread = thread::Builder::new().spawn(move || {
        work();
        drop(done);
    });
    if thread.is_ok() {
        // An error in any case: of the time that is over, or of the sender that is gone.
        let _ = is_done.recv_timeout(limit);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn work_is_waited_for_but_not_for_ever() {
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        within(Duration::MAX, move || done.store(true, Ordering::Relaxed));
        assert!(is_done.load(Ordering::Relaxed));

        let (_held, never) = mpsc::channel::<()>();
        within(Duration::ZERO, move || {
            let _ = never.recv();
        });
    }
}
