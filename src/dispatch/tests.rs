//! A small upstream that does as it is told, and callers and changes to try with it: for the tests of what is made of
//! changes.

mod upstream;

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

pub(super) use self::upstream::{Fate, Listed, Said, Upstream, done, record};
use super::change::{Change, Changed, Replacement};
use crate::caller::{Caller, Callers, Patience};
use crate::telemetry::AskingTime;
use crate::upstream::operation::{DeleteExtension, NewExtension};
use crate::upstream::value::{Id, OptionalId, Text};
use crate::upstream::{Error, License, Seen, Shows, Transport};
use crate::wire::Extension;

pub(super) const DEADLINE: Duration = Duration::from_secs(3);

/// Not at all, at once, and late: for tables.
pub(super) const NEVER: Option<Duration> = None;
pub(super) const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
pub(super) const LATE: Option<Duration> = Some(Duration::from_millis(300));

pub(super) fn caller() -> Caller {
    let license = License::parse(License::DEFAULT_NAME, "x", Transport::Routes).expect("a licence");
    let mut caller = Callers::with(license).of(&HeaderMap::new(), Patience::Bounded, AskingTime::default());
    caller.context.deadline = Some(Instant::now() + DEADLINE);
    caller
}

pub(super) fn text(text: &str) -> Text {
    Text::parse(text, Transport::Routes).expect("a text")
}

pub(super) fn id(id: i64) -> Id {
    Id::parse(id).expect("an id")
}

pub(super) fn account(id: i64) -> OptionalId {
    OptionalId::parse(id).expect("an account")
}

pub(super) fn new(name: &str) -> NewExtension {
    NewExtension {
        i_customer: id(1),
        name: text(name),
        id: text("201"),
        i_account: account(7),
    }
}

pub(super) fn update(name: &str, i_account: Option<i64>) -> Change {
    Change::Update(Replacement {
        i_customer: id(1),
        i_c_ext: id(1),
        name: text(name),
        id: text("201"),
        i_account: i_account.map(account),
    })
}

pub(super) fn delete(i_c_ext: i64) -> Change {
    Change::Delete(DeleteExtension {
        i_customer: id(1),
        i_c_ext: id(i_c_ext),
    })
}

/// What there is at the start.
pub(super) fn records() -> [Extension; 2] {
    [record(1, "101", "Desk", 6), record(2, "102", "Door", 0)]
}

/// One change of each kind, what it makes, and what is seen while it has not.
pub(super) fn each() -> [(Change, Changed, Shows); 4] {
    let added = || Changed::Record(record(5001, "201", "Sales", 7));
    let updated = Changed::Record(record(1, "201", "Sales", 7));
    [
        (Change::Add(new("Sales")), added(), Shows::Absent),
        (Change::AddGetIdentity(new("Sales")), added(), Shows::Absent),
        (update("Sales", Some(7)), updated, Shows::Different),
        (delete(1), Changed::Deleted, Shows::Present),
    ]
}

/// What is seen of a change whose outcome is unknown.
pub(super) fn unknown(answer: &Result<Changed, Error>) -> Seen {
    let seen = answer.as_ref().err().and_then(Error::seen);
    seen.unwrap_or_else(|| panic!("{answer:?}"))
}

pub(super) fn shows(seen: Seen) -> Option<Shows> {
    match seen {
        Seen::NotAsked => None,
        Seen::Listed { shows, .. } => Some(shows),
    }
}
