//! `UpdateCustomerExtension`: replaces name, number and account of an extension.

use super::{Effect, Members, Operation, record};
use crate::upstream::Error;
use crate::upstream::value::{Id, OptionalId, Text};
use crate::wire::{Answer, Extension};

/// Replaces name, number and account of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateExtension {
    /// The customer.
    pub i_customer: Id,
    /// The extension's record.
    pub i_c_ext: Id,
    /// The new display name. Without one the reply route would delete: a [`Text`] is never empty.
    pub name: Text,
    /// The new number to dial.
    pub id: Text,
    /// The account to ring from now on.
    pub i_account: OptionalId,
}

impl Operation for UpdateExtension {
    type Answer = Extension;

    const NAME: &'static str = "UpdateExtension";
    const EFFECT: Effect = Effect::Change;
    const COLUMNS: &'static [&'static str] = &["Extension"];

    fn route(&self) -> Option<&'static str> {
        Some("UpdateCustomerExtension/{License}/{ICustomer}/{ExtensionRecordId}/{Name}/{Id}/{IAccount}")
    }

    fn i_customer(&self) -> Id {
        self.i_customer
    }

    fn members(&self) -> Members {
        let Self {
            i_customer,
            i_c_ext,
            name,
            id,
            i_account,
        } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("ExtensionRecordId", i_c_ext)
            .with("Name", name)
            .with("Id", id)
            .with("IAccount", i_account)
    }

    fn parse(&self, answer: Answer) -> Result<Extension, Error> {
        let record = record(answer)?;
        if record.i_c_ext == self.i_c_ext.get() {
            Ok(record)
        } else {
            Err(Error::WrongRecord)
        }
    }
}
