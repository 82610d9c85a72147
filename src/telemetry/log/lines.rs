//! The way of a line to where it is written: a bounded queue, and a thread that empties it.
//!
//! A line that finds the queue full is dropped and counted. How many were is told, as a line of the log, when the queue has
//! been emptied, and now and then while it cannot be.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tracing::warn;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::telemetry::within;

/// Where the lines of this place come from.
pub(super) const TARGET: &str = module_path!();

/// The most lines in the queue: some megabytes.
const QUEUE: usize = 8192;

/// After how many written lines those that were dropped are told, if the queue is not emptied earlier.
const TELL_EVERY: usize = 1024;

/// When to try again to write into a full pipe that does not block.
const RETRY: Duration = Duration::from_millis(10);

/// How long the end waits for the queue to be emptied: a little more than [`WorkerGuard`] does.
const FLUSH: Duration = Duration::from_millis(1500);

/// A queue of lines. Who writes to it never waits.
#[derive(Clone)]
pub struct Lines(NonBlocking);

/// The thread. Dropping this waits until it has written what is queued, but not for long.
#[derive(Debug)]
pub struct Writer(Option<WorkerGuard>);

/// Starts a thread that writes to standard error.
pub(super) fn to_stderr() -> (NonBlocking, Writer) {
    let to = unlocked(io::stderr());
    let (queue, guard) = queue(QUEUE, to, |lines, in_all| {
        // It goes through the queue like all others, so it may be dropped, too. Then it counts, and the next one tells.
        warn!(lines, in_all, "log lines were dropped: nobody read them in time");
    });
    (queue, Writer(Some(guard)))
}

/// Starts a thread that writes to standard output.
pub(super) fn to_stdout() -> (Lines, Writer) {
    let to = unlocked(io::stdout());
    let (queue, guard) = queue(QUEUE, to, |lines, in_all| {
        warn!(
            lines,
            in_all, "lines of the access log were dropped: nobody read them in time"
        );
    });
    (Lines(queue), Writer(Some(guard)))
}

impl Lines {
    /// Writes a line, with its end, soon; or drops it, if too many wait.
    pub(crate) fn write(&self, line: &[u8]) {
        let Self(queue) = self;
        // What is dropped is counted, and is no error.
        let _ = queue.clone().write_all(line);
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let guard = self.0.take();
        // Its drop has a limit, but prints when the queue is full: standard output may be the same pipe that nobody reads.
        within(FLUSH, move || drop(guard));
    }
}

/// A queue of at most `limit` lines, which a thread writes to `to`; `tell` is called there with the number of lines that were
/// dropped since it was called last, and since the start.
fn queue(
    limit: usize,
    to: impl Write + Send + 'static,
    tell: impl FnMut(usize, usize) + Send + 'static,
) -> (NonBlocking, WorkerGuard) {
    let counter = Arc::new(OnceLock::new());
    let output = Output {
        to,
        tell,
        counter: Arc::clone(&counter),
        told: 0,
        since_told: 0,
    };
    let builder = NonBlockingBuilder::default().thread_name("log").lossy(true);
    let (queue, guard) = builder.buffered_lines_limit(limit).finish(output);
    counter.get_or_init(|| queue.error_counter());
    (queue, guard)
}

/// A standard stream by a descriptor of its own. The standard library's has a lock, which a write that blocks would keep.
#[cfg(unix)]
fn unlocked<S: std::os::fd::AsFd + Write + Send + 'static>(stream: S) -> Box<dyn Write + Send> {
    match stream.as_fd().try_clone_to_owned() {
        Ok(own) => Box::new(std::fs::File::from(own)),
        Err(_) => Box::new(stream),
    }
}

#[cfg(not(unix))]
fn unlocked<S: Write + Send + 'static>(stream: S) -> Box<dyn Write + Send> {
    Box::new(stream)
}

/// Where the thread writes: passes lines on, and tells how many were dropped.
struct Output<W, T> {
    to: W,
    tell: T,
    counter: Arc<OnceLock<ErrorCounter>>,
    /// How many dropped lines have been told.
    told: usize,
    /// How many lines have been written since.
    since_told: usize,
}

impl<W: Write, T: FnMut(usize, usize)> Write for Output<W, T> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = loop {
            match self.to.write(line) {
                Ok(written) => break written,
                // Somebody who shares the pipe has set it not to block.
                Err(full) if full.kind() == io::ErrorKind::WouldBlock => thread::park_timeout(RETRY),
                Err(error) => return Err(error),
            }
        };
        self.since_told += 1;
        if self.since_told >= TELL_EVERY {
            self.tell();
        }
        Ok(written)
    }

    /// Called when the queue is empty.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()?;
        self.tell();
        Ok(())
    }
}

impl<W, T: FnMut(usize, usize)> Output<W, T> {
    fn tell(&mut self) {
        self.since_told = 0;
        let in_all = self.counter.get().map_or(0, ErrorCounter::dropped_lines);
        if in_all > self.told {
            (self.tell)(in_all - self.told, in_all);
            self.told = in_all;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};

    use super::*;

    /// A pipe that takes a line each time it is read, and all of them when reading in steps is over.
    struct Pipe {
        reads: Receiver<()>,
        lines: Sender<usize>,
    }

    impl Write for Pipe {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.reads.recv();
            let number = String::from_utf8_lossy(line).parse().expect("a number");
            self.lines.send(number).map_err(io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_finds_no_room_is_dropped_without_waiting_and_told_when_there_is_room() {
        let ((read, reads), (lines, written)) = (mpsc::channel(), mpsc::channel());
        let (told, tellings) = mpsc::channel();
        let tell = move |lines, in_all| told.send((lines, in_all)).expect("they are awaited");
        let (mut queue, guard) = queue(4, Pipe { reads, lines }, tell);
        let mut log = |numbers: std::ops::Range<usize>| {
            for number in numbers {
                queue.write_all(number.to_string().as_bytes()).expect("no error");
            }
            queue.error_counter().dropped_lines()
        };

        // Four wait, and one more if the thread has taken the first one in time.
        let dropped = log(0..100);
        assert!(dropped == 96 || dropped == 95, "{dropped}");
        let kept = 100 - dropped;
        for _ in 0..kept {
            read.send(()).expect("the thread reads");
        }
        assert!(
            written.iter().take(kept).is_sorted(),
            "what is kept keeps its order"
        );
        assert_eq!(tellings.recv().expect("it is told"), (dropped, dropped));

        let more = log(100..200) - dropped;
        assert!(more == 96 || more == 95, "{more}");
        drop(read);
        assert_eq!(tellings.recv().expect("it is told"), (more, dropped + more));
        drop(guard);
        assert_eq!(written.iter().count(), 100 - more);
    }

    /// A pipe that does not block, and is full each other time; it takes three bytes at once.
    struct Full {
        is_full: bool,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Full {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.is_full = !self.is_full;
            if self.is_full {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let part = &line[..line.len().min(3)];
            self.taken.send(part.to_vec()).map_err(io::Error::other)?;
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_that_is_full_and_does_not_block_gets_whole_lines_all_the_same() {
        let (taken, written) = mpsc::channel();
        let is_full = false;
        let (mut queue, guard) = queue(4, Full { is_full, taken }, |_, _| {});
        for line in [b"first\n", b"other\n"] {
            queue.write_all(line).expect("no error");
        }
        drop(guard);
        assert_eq!(written.iter().collect::<Vec<_>>().concat(), b"first\nother\n");
    }

    #[test]
    fn the_end_does_not_wait_for_a_pipe_that_nobody_reads() {
        let ((read, reads), (lines, _written)) = (mpsc::channel(), mpsc::channel());
        let (mut queue, guard) = queue(1, Pipe { reads, lines }, |_, _| {});
        for number in ["1", "2", "3"] {
            queue.write_all(number.as_bytes()).expect("no error");
        }
        drop(Writer(Some(guard)));
        drop(read);
    }
}
