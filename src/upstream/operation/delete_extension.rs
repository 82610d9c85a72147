//! `DeleteCustomerExtension`: deletes an extension.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::Id;
use crate::wire::Answer;

/// Deletes an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteExtension {
    /// The customer.
    pub i_customer: Id,
    /// The extension's record.
    pub i_c_ext: Id,
}

impl Operation for DeleteExtension {
    type Answer = ();

    const NAME: &'static str = "DeleteExtension";
    const EFFECT: Effect = Effect::Change;
    const COLUMNS: &'static [&'static str] = &["ExtensionDeleted"];

    fn route(&self) -> Option<&'static str> {
        Some("DeleteCustomerExtension/{License}/{ICustomer}/{ExtensionRecordId}")
    }

    fn i_customer(&self) -> Id {
        self.i_customer
    }

    fn members(&self) -> Members {
        let Self { i_customer, i_c_ext } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("ExtensionRecordId", i_c_ext)
    }

    fn parse(&self, answer: Answer) -> Result<(), Error> {
        if answer.extension_deleted {
            Ok(())
        } else {
            Err(Error::NothingDeleted)
        }
    }
}
