//! The rows of the table: the calls, and for some seconds what changed. Pure.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::{Change, State};
use crate::proto::v1::ActiveCall;

/// How long a change is shown, and how long a row outlives its call.
const SHOWN: Duration = Duration::from_secs(4);

/// The rows, by the key of the call.
#[derive(Debug, Default)]
pub(super) struct Board {
    rows: HashMap<String, Row>,
    /// Whether there has been a state with known calls.
    begun: bool,
}

/// A call, and what changed about it a moment ago.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) call: Arc<ActiveCall>,
    pub(super) mark: Option<Mark>,
    until: Instant,
}

/// What changed about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Started,
    Updated,
    Ended,
}

impl Board {
    /// Takes changes that lead to `state`.
    pub(super) fn apply(&mut self, changes: &[Change], state: &State, now: Instant) {
        for change in changes {
            let (call, mark) = match change {
                // In the first state all calls are new, so a mark would say nothing.
                Change::Started(call) if !self.begun => (call, None),
                Change::Started(call) => (call, Some(Mark::Started)),
                Change::Updated { after, .. } => (after, Some(Mark::Updated)),
                Change::Ended(call) => (call, Some(Mark::Ended)),
                _ => continue,
            };
            let row = Row {
                call: call.clone(),
                mark,
                until: now + SHOWN,
            };
            self.rows.insert(call.key.clone(), row);
        }
        self.begun |= state.calls().is_some();
    }

    /// Drops marks, and rows of ended calls, that have been shown long enough. Returns when the next is due, if any.
    pub(super) fn sweep(&mut self, now: Instant) -> Option<Instant> {
        self.rows
            .retain(|_, row| row.mark != Some(Mark::Ended) || row.until > now);
        for row in self.rows.values_mut() {
            row.mark = row.mark.filter(|_| row.until > now);
        }
        let marked = self.rows.values().filter(|row| row.mark.is_some());
        marked.map(|row| row.until).min()
    }

    /// The rows by extension, then by key, so that a row stays where it is while others come and go.
    pub(super) fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_by(|a, b| {
            let (a, b) = (&a.call, &b.call);
            natural(&a.extension_number, &b.extension_number).then_with(|| a.key.cmp(&b.key))
        });
        rows
    }
}

/// Numbers by their value, before texts.
fn natural(a: &str, b: &str) -> Ordering {
    let number = |text: &str| (text.parse::<u64>().map_err(|_| text.to_owned()), text.len());
    match (number(a), number(b)) {
        ((Ok(a), a_len), (Ok(b), b_len)) => (a, a_len).cmp(&(b, b_len)),
        ((Ok(_), _), (Err(_), _)) => Ordering::Less,
        ((Err(_), _), (Ok(_), _)) => Ordering::Greater,
        ((Err(a), _), (Err(b), _)) => a.cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::CallWatcher;

    fn call(extension: &str, key: &str) -> Arc<ActiveCall> {
        Arc::new(ActiveCall {
            extension_number: extension.to_owned(),
            key: key.to_owned(),
            ..ActiveCall::default()
        })
    }

    /// The state of a watch that knows nothing yet.
    fn unknown() -> State {
        let dial = || std::future::pending();
        CallWatcher::over(
            dial,
            crate::client::Query::customer(1),
            crate::client::Params::default(),
        )
        .current()
    }

    fn shown(board: &Board) -> Vec<(&str, Option<Mark>)> {
        let rows = board.rows().into_iter();
        rows.map(|row| (row.call.key.as_str(), row.mark)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_mark_goes_after_some_seconds_and_an_ended_row_with_it() {
        let mut board = Board {
            begun: true,
            ..Board::default()
        };
        let (state, now) = (unknown(), Instant::now());
        let started = [
            Change::Started(call("101", "a")),
            Change::Started(call("99", "b")),
        ];
        board.apply(&started, &state, now);
        let mark = Some(Mark::Started);
        assert_eq!(shown(&board), [("b", mark), ("a", mark)]);
        assert_eq!(board.sweep(now), Some(now + SHOWN));

        let later = now + SHOWN / 2;
        board.apply(&[Change::Ended(call("101", "a"))], &state, later);
        board.sweep(now + SHOWN);
        assert_eq!(shown(&board), [("b", None), ("a", Some(Mark::Ended))]);
        assert_eq!(board.sweep(later + SHOWN), None);
        assert_eq!(shown(&board), [("b", None)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_comes_back_before_its_row_goes_is_shown_once() {
        let mut board = Board {
            begun: true,
            ..Board::default()
        };
        let (state, now) = (unknown(), Instant::now());
        let changes = [Change::Ended(call("101", "a")), Change::Started(call("101", "a"))];
        board.apply(&changes, &state, now);
        board.sweep(now + SHOWN);
        assert_eq!(shown(&board), [("a", None)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_calls_of_the_first_state_are_no_news() {
        let mut board = Board::default();
        board.apply(&[Change::Started(call("101", "a"))], &unknown(), Instant::now());
        assert_eq!(shown(&board), [("a", None)]);
    }

    #[test]
    fn extensions_sort_as_people_count() {
        let mut extensions = ["*98", "101", "99", "0101", "1000"];
        extensions.sort_by(|a, b| natural(a, b));
        assert_eq!(extensions, ["99", "101", "0101", "1000", "*98"]);
    }
}
