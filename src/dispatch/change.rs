//! The changes that the gateway makes, as values, and what became of them.

use crate::upstream::operation::{
    AddExtension, AddExtensionGetIdentity, DeleteExtension, NewExtension, Operation as _, UpdateExtension,
};
use crate::upstream::value::{Id, OptionalId, Text};
use crate::wire::Extension;

/// A change that is settled by reading back. Two are equal if they ask for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Adds an extension.
    Add(NewExtension),
    /// Adds an extension through the other route.
    AddGetIdentity(NewExtension),
    /// Replaces name, number and account of an extension.
    Update(Replacement),
    /// Deletes an extension.
    Delete(DeleteExtension),
}

/// What an update is to make of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The customer.
    pub i_customer: Id,
    /// The extension's record.
    pub i_c_ext: Id,
    /// The new display name.
    pub name: Text,
    /// The new number to dial.
    pub id: Text,
    /// The account to ring from now on; `None` keeps the record's.
    pub i_account: Option<OptionalId>,
}

/// What a change has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The record that was added or updated.
    Record(Extension),
    /// The record is gone.
    Deleted,
}

impl Change {
    /// The name of the RPC, for spans and logs.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Add(_) => AddExtension::NAME,
            Self::AddGetIdentity(_) => AddExtensionGetIdentity::NAME,
            Self::Update(_) => UpdateExtension::NAME,
            Self::Delete(_) => DeleteExtension::NAME,
        }
    }

    /// Whether it shows only by comparing what there is with what there was. What an update has made is known by itself.
    pub(super) fn is_compared(&self) -> bool {
        !matches!(self, Self::Update(_))
    }

    /// Whether it is an update that leaves the account as it is.
    pub(super) fn keeps_account(&self) -> bool {
        matches!(self, Self::Update(Replacement { i_account: None, .. }))
    }

    /// The customer whose extensions are changed.
    #[must_use]
    pub fn i_customer(&self) -> Id {
        match self {
            Self::Add(new) | Self::AddGetIdentity(new) => new.i_customer,
            Self::Update(replacement) => replacement.i_customer,
            Self::Delete(delete) => delete.i_customer,
        }
    }
}

impl Replacement {
    /// The update that leaves the extension with this account.
    pub(super) fn with(self, i_account: OptionalId) -> UpdateExtension {
        let Self {
            i_customer,
            i_c_ext,
            name,
            id,
            i_account: _,
        } = self;
        UpdateExtension {
            i_customer,
            i_c_ext,
            name,
            id,
            i_account,
        }
    }
}

impl Changed {
    /// The record; the default one after a deletion, which leaves none.
    #[must_use]
    pub fn into_record(self) -> Extension {
        match self {
            Self::Record(record) => record,
            Self::Deleted => Extension::default(),
        }
    }
}
