//! What was seen of a change whose outcome is unknown.

use jiff::Timestamp;

/// What was seen of a change whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: the upstream was not asked, or what it answered could not be believed.
    NotAsked,
    /// What the last list shows.
    Listed {
        /// What it shows.
        shows: Shows,
        /// When it was answered.
        at: Timestamp,
    },
}

/// What a list of extensions shows in place of what a change would have made. None of it means that the change did not
/// happen: it may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Of an add, no new record with its number; of an update or deletion, no such record, and of a deletion none before it
    /// either.
    Absent,
    /// Of a deletion, the record; of an add, more than one new record with its values.
    Present,
    /// Of an add, a new record with its number and another name or account; of an update, the record with other values.
    Different,
}

impl Shows {
    /// The word for it, which is a promise to callers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Present => "present",
            Self::Different => "different",
        }
    }
}
