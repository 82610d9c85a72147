//! A history written down, and read back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::delta::Delta;
use super::state::State;
use super::table::Table;
use super::token::Token;
use super::written::{Damaged, WrittenHistory, WrittenKept, open, seal};
use super::{History, Kept, Limits};

impl History {
    /// Writes the history down, as of `now`.
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
                .iter()
                .map(|Kept { at, delta }| WrittenKept {
                    age: age(*at),
                    delta: Some(delta.to_written()),
                })
                .collect(),
            changed: age(*changed_at),
        })
    }

    /// Reads a history that was written down, and keeps it to `limits` from the next change on.
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
        // A clock that has not run for so long, as after a start, has the change begin with it.
        let was = |age| now.checked_sub(Duration::from_nanos(age)).unwrap_or(now);
        let kept = |WrittenKept { age, delta }| {
            let delta = Arc::new(Delta::from_written(delta.ok_or(Damaged)?)?);
            Ok(Kept { at: was(age), delta })
        };
        let history = Self {
            at: Token::decode(&at).ok_or(Damaged)?,
            state: State {
                calls: Table::from_written(calls)?,
                statuses: Table::from_written(statuses)?,
            },
            observed_at: observed_at.ok_or(Damaged)?,
            changed_at: was(changed),
            ring: ring.into_iter().map(kept).collect::<Result<_, _>>()?,
            limits,
        };
        history.is_whole().then_some(history).ok_or(Damaged)
    }

    /// Whether the deltas lead on from one another to the present state, and that is the one which the token names.
    fn is_whole(&self) -> bool {
        let after = self.ring.iter().skip(1).map(|kept| kept.delta.from);
        let leads_on = self
            .ring
            .iter()
            .zip(after.chain([self.at]))
            .all(|(kept, next)| kept.delta.to == next);
        leads_on && self.state.hash() == self.at.state
    }
}
