//! A change as it is sent: one operation, with nothing left open.

use super::asking::Asking;
use super::change::{Change, Changed};
use crate::upstream::operation::{AddExtension, AddExtensionGetIdentity, DeleteExtension, UpdateExtension};
use crate::upstream::value::OptionalId;
use crate::upstream::{Context, Error, Operation as _};
use crate::wire::Extension;

/// An operation that changes something.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Add(AddExtension),
    AddGetIdentity(AddExtensionGetIdentity),
    Update(UpdateExtension),
    Delete(DeleteExtension),
}

impl Order {
    /// What is sent for `change`, given the list of what there is. An update that keeps the account takes it from there.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecord`] if the record that is to keep its account is not in the list.
    pub(super) fn of(change: Change, list: Option<&[Extension]>) -> Result<Self, Error> {
        Ok(match change {
            Change::Add(new) => Self::Add(AddExtension(new)),
            Change::AddGetIdentity(new) => Self::AddGetIdentity(AddExtensionGetIdentity(new)),
            Change::Delete(delete) => Self::Delete(delete),
            Change::Update(replacement) => {
                let i_account = match replacement.i_account {
                    Some(i_account) => i_account,
                    None => account(replacement.i_c_ext.get(), list.unwrap_or_default())?,
                };
                Self::Update(replacement.with(i_account))
            }
        })
    }

    /// Sends it, once.
    ///
    /// # Errors
    ///
    /// As [`Asking::ask`].
    pub(super) async fn send(self, asking: &Asking, context: &Context) -> Result<Changed, Error> {
        match self {
            Self::Add(add) => asking.ask(context, add, Changed::Record).await,
            Self::AddGetIdentity(add) => asking.ask(context, add, Changed::Record).await,
            Self::Update(update) => asking.ask(context, update, Changed::Record).await,
            Self::Delete(delete) => asking.ask(context, delete, |()| Changed::Deleted).await,
        }
    }

    /// Whether it makes a record.
    pub(super) fn is_add(&self) -> bool {
        matches!(self, Self::Add(_) | Self::AddGetIdentity(_))
    }

    /// The customer whose extensions it changes.
    pub(super) fn i_customer(&self) -> crate::upstream::value::Id {
        match self {
            Self::Add(add) => add.i_customer(),
            Self::AddGetIdentity(add) => add.i_customer(),
            Self::Update(update) => update.i_customer(),
            Self::Delete(delete) => delete.i_customer(),
        }
    }
}

/// The account that the record has.
fn account(i_c_ext: i32, list: &[Extension]) -> Result<OptionalId, Error> {
    let record = list.iter().find(|record| record.i_c_ext == i_c_ext);
    let record = record.ok_or(Error::NoRecord)?;
    // The service has no others.
    OptionalId::parse(record.i_account.into()).map_err(|_| Error::Incomplete {
        column: "ExtensionLst",
    })
}
