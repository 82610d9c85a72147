//! A history written down, and read back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::History;
use super::delta::Delta;
use super::ring::{Kept, Limits, Ring};
use super::state::State;
use super::table::Table;
use super::token::Token;
use super::written::{Damaged, WrittenHistory, WrittenKept, open, seal};

impl History {
    /// Writes the history down, as of `now`. Changes are written with their age; what passes until they are read again is
    /// not counted, and so keeps them for as much longer.
    #[must_use]
    pub fn write(&self, now: Instant) -> Vec<u8> {
        let Self {
            at,
            state: State { calls, statuses },
            observed_at,
            changed_at,
            ring,
            limits: _,
        } = self;
        let age = |at: Instant| u64::try_from(now.duration_since(at).as_nanos()).unwrap_or(u64::MAX);
        seal(&WrittenHistory {
            at: at.encode().into(),
            observed_at: Some(*observed_at),
            calls: calls.to_written(),
            statuses: statuses.to_written(),
            ring: ring
                .kept()
                .iter()
                .map(|Kept { made_at, delta, .. }| WrittenKept {
                    age: age(*made_at),
                    delta: Some(delta.to_written()),
                })
                .collect(),
            changed: age(*changed_at),
        })
    }

    /// Reads a history that was written down, and keeps it to `limits` from the next change on. Deltas too large for them
    /// are left out at once, with all before.
    ///
    /// # Errors
    ///
    /// [`Damaged`], also if the parts do not fit together.
    pub fn read(bytes: &[u8], now: Instant, limits: Limits) -> Result<Self, Damaged> {
        let WrittenHistory {
            at,
            observed_at,
            calls,
            statuses,
            ring,
            changed,
        } = open(bytes)?;
        // A clock that has not run for so long, as after a start, has no such moment: the change is then taken to be as
        // young as the next. So are ages that fall where they should rise.
        let was = |age, next: Instant| {
            let was = now.checked_sub(Duration::from_nanos(age));
            was.map_or(next, |was| was.min(next))
        };
        let changed_at = was(changed, now);
        let mut next = changed_at;
        let mut read = Ring::default();
        for WrittenKept { age, delta } in ring.into_iter().rev() {
            let delta = Arc::new(Delta::from_written(delta.ok_or(Damaged)?)?);
            next = was(age, next);
            read.push_before(delta, next);
        }
        let mut history = Self {
            at: Token::decode(&at).ok_or(Damaged)?,
            state: State {
                calls: Table::from_written(calls)?,
                statuses: Table::from_written(statuses)?,
            },
            observed_at: observed_at.ok_or(Damaged)?,
            changed_at,
            ring: read,
            limits,
        };
        if !history.is_whole() {
            return Err(Damaged);
        }
        let is_too_large = |delta: &Delta| !history.is_told_as_delta(&delta.changes);
        let mut of_no_use = history.ring.kept().iter().map(|kept| &*kept.delta);
        let kept_from = of_no_use.rposition(is_too_large).map_or(0, |last| last + 1);
        history.ring.drop_first(kept_from);
        history.ring.shorten(limits.bytes);
        Ok(history)
    }

    /// Whether the deltas lead on from one another to the present state, and each state is the one that its token names.
    ///
    /// Walks back from the present by the sums alone: no state of the past is put together.
    fn is_whole(&self) -> bool {
        let (mut to, mut sums) = (self.at, self.state.sums());
        let leads_back = self.ring.kept().iter().rev().all(|Kept { delta, .. }| {
            let leads_to = delta.to == to;
            sums = sums.before(&delta.changes);
            to = delta.from;
            leads_to && sums.hash() == to.state
        });
        leads_back && self.state.hash() == self.at.state
    }
}
