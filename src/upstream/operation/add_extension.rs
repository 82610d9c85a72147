//! `AddCustomerExtension` and `AddCustomerExtenGetIdentitysion` (the upstream's own spelling): a new extension.

use super::{Effect, Members, Operation, record};
use crate::upstream::Error;
use crate::upstream::value::{Id, OptionalId, Text};
use crate::wire::{Answer, Extension};

/// The extension to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExtension {
    /// The customer.
    pub i_customer: Id,
    /// The display name.
    pub name: Text,
    /// The number to dial.
    pub id: Text,
    /// The account to ring.
    pub i_account: OptionalId,
}

impl NewExtension {
    fn members(&self) -> Members {
        let Self {
            i_customer,
            name,
            id,
            i_account,
        } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("Name", name)
            .with("Id", id)
            .with("IAccount", i_account)
    }
}

/// Adds an extension.
#[derive(Clone, Debug)]
pub struct AddExtension(pub NewExtension);

impl Operation for AddExtension {
    type Answer = Extension;

    const NAME: &'static str = "AddExtension";
    const EFFECT: Effect = Effect::Add;
    const COLUMNS: &'static [&'static str] = &["Extension"];

    fn route(&self) -> Option<&'static str> {
        Some("AddCustomerExtension/{License}/{ICustomer}/{Name}/{Id}/{IAccount}")
    }

    fn i_customer(&self) -> Id {
        self.0.i_customer
    }

    fn members(&self) -> Members {
        self.0.members()
    }

    fn parse(&self, answer: Answer) -> Result<Extension, Error> {
        record(answer)
    }
}

/// Adds an extension through the other route. Over the reply transport there is no difference.
#[derive(Clone, Debug)]
pub struct AddExtensionGetIdentity(pub NewExtension);

impl Operation for AddExtensionGetIdentity {
    type Answer = Extension;

    const NAME: &'static str = "AddExtensionGetIdentity";
    const EFFECT: Effect = Effect::Add;
    const COLUMNS: &'static [&'static str] = &["Extension"];

    fn route(&self) -> Option<&'static str> {
        Some("AddCustomerExtenGetIdentitysion/{License}/{ICustomer}/{Name}/{Id}/{IAccount}")
    }

    fn i_customer(&self) -> Id {
        self.0.i_customer
    }

    fn members(&self) -> Members {
        self.0.members()
    }

    fn parse(&self, answer: Answer) -> Result<Extension, Error> {
        record(answer)
    }
}
