//! The operations of the service: each a pure value that says what it sends and reads what it gets.
//!
//! One file an operation. What they share: the licence is added by the transport, a route is the published template
//! letter for letter, and the members are named as on the published page.

mod add_extension;
mod delete_extension;
mod get_filtering_data;
mod list_active_calls;
mod list_extensions;
mod list_online_accounts;
mod list_unavailable_extensions;
mod reply;
mod update_extension;

use super::Error;
use super::value::{Id, ToMember};
use crate::wire;

pub use self::add_extension::{AddExtension, AddExtensionGetIdentity, NewExtension};
pub use self::delete_extension::DeleteExtension;
pub use self::get_filtering_data::GetFilteringData;
pub use self::list_active_calls::{ActiveCalls, ListActiveCalls};
pub use self::list_extensions::ListExtensions;
pub use self::list_online_accounts::ListOnlineAccounts;
pub use self::list_unavailable_extensions::ListUnavailableExtensions;
pub use self::reply::Reply;
pub use self::update_extension::UpdateExtension;

/// One operation of the service, ready to be sent.
pub trait Operation: Send + Sync + 'static {
    /// What the operation yields.
    type Answer: Send + 'static;

    /// The name of the RPC, for spans and logs.
    const NAME: &'static str;

    /// What sending it does.
    const EFFECT: Effect;

    /// The columns that [`parse`](Self::parse) takes, by their names on the wire: an answer without one of them is none.
    const COLUMNS: &'static [&'static str];

    /// The published route, such as `GetCustomerExtensions/{License}/{ICustomer}`; `None` if only the reply route takes
    /// the operation.
    fn route(&self) -> Option<&'static str>;

    /// The customer that it is about.
    fn i_customer(&self) -> Id;

    /// The members of the request that are set.
    fn members(&self) -> Members;

    /// Takes the operation's part out of an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Incomplete`] if the part is empty; [`Error::WrongRecord`], [`Error::NothingDeleted`].
    fn parse(&self, answer: wire::Answer) -> Result<Self::Answer, Error>;
}

/// The record that the answer to an add or update holds. Every record of the service has an id: one without is none.
fn record(answer: wire::Answer) -> Result<wire::Extension, Error> {
    let record = answer.extension.filter(|record| record.i_c_ext != 0);
    record.ok_or(Error::Incomplete { column: "Extension" })
}

/// What sending an operation does at the upstream. It decides what a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Adds a record: not idempotent, and a conflict means that the record exists.
    Add,
    /// Changes or deletes a record, or may do so.
    Change,
}

impl Effect {
    /// `error` as the caller of an operation with this effect is told it: see [`Error::of_change`].
    #[must_use]
    pub fn told(self, error: Error) -> Error {
        match self {
            Self::Read => error,
            Self::Add | Self::Change => error.of_change(),
        }
    }
}

/// The members of a request that are set, by the names of the published page.
#[derive(Clone, Debug, Default)]
pub struct Members(Vec<(&'static str, String)>);

impl Members {
    /// Adds a member, if its value is one that is sent.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &impl ToMember) -> Self {
        if let Some(value) = value.to_member() {
            self.0.push((name, value));
        }
        self
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(member, _)| *member == name)
            .map(|(_, value)| value.as_str())
    }

    /// All members with their values, in the order in which the operation names them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> + Clone {
        self.0.iter().map(|(member, value)| (*member, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_an_id_is_none() {
        let with = |extension| wire::Answer {
            extension,
            ..wire::Answer::default()
        };
        let of_id = |i_c_ext| wire::Extension {
            i_c_ext,
            ..wire::Extension::default()
        };
        assert_eq!(record(with(Some(of_id(5001)))).expect("a record").i_c_ext, 5001);
        for none in [None, Some(of_id(0))] {
            let error = record(with(none)).expect_err("no record");
            assert!(
                matches!(error, Error::Incomplete { column: "Extension" }),
                "{error:?}"
            );
        }
    }
}
