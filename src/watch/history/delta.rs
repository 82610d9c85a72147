//! A delta: how one version of a state became the next, as a value that another process can be given.

use prost_types::Timestamp;

use super::state::Changes;
use super::table::Change;
use super::token::Token;
use super::written::{Damaged, WrittenDelta, open, seal};

/// How one version became the next.
#[derive(Clone, Debug)]
pub struct Delta {
    pub(in crate::watch) from: Token,
    pub(in crate::watch) to: Token,
    /// When the poll had ended that showed the change.
    pub(in crate::watch) observed_at: Timestamp,
    pub(in crate::watch) changes: Changes,
}

impl Delta {
    /// Writes the delta down.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        seal(&self.to_written())
    }

    /// Reads a delta that was written down.
    ///
    /// # Errors
    ///
    /// [`Damaged`], also if a change is none or two are of one row.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        Self::from_written(open(bytes)?)
    }

    /// How many bytes of memory the delta takes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.changes.weight()
    }

    pub(super) fn to_written(&self) -> WrittenDelta {
        let Self {
            from,
            to,
            observed_at,
            changes: Changes { calls, statuses },
        } = self;
        WrittenDelta {
            from: from.encode().into(),
            to: to.encode().into(),
            observed_at: Some(*observed_at),
            calls: calls.iter().map(Change::to_written).collect(),
            statuses: statuses.iter().map(Change::to_written).collect(),
        }
    }

    pub(super) fn from_written(written: WrittenDelta) -> Result<Self, Damaged> {
        let WrittenDelta {
            from,
            to,
            observed_at,
            calls,
            statuses,
        } = written;
        let from = Token::decode(&from).ok_or(Damaged)?;
        let to = Token::decode(&to).ok_or(Damaged)?;
        let leads_on = Some(to.version) == from.version.checked_add(1);
        if !leads_on || (from.feed, from.epoch) != (to.feed, to.epoch) {
            return Err(Damaged);
        }
        Ok(Self {
            from,
            to,
            observed_at: observed_at.ok_or(Damaged)?,
            changes: Changes {
                calls: Change::all_from_written(calls)?,
                statuses: Change::all_from_written(statuses)?,
            },
        })
    }
}
