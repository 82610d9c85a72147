//! `GetOnlineAccounts`: a customer's extensions with their SIP registration.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::Id;
use crate::wire::{Answer, Extension, ExtensionStatus};

/// Lists a customer's extensions with their SIP registration.
#[derive(Clone, Debug)]
pub struct ListOnlineAccounts {
    /// The customer.
    pub i_customer: Id,
}

impl Operation for ListOnlineAccounts {
    type Answer = (Vec<ExtensionStatus>, Vec<Extension>);

    const NAME: &'static str = "ListOnlineAccounts";
    const EFFECT: Effect = Effect::Read;
    const COLUMNS: &'static [&'static str] = &["ExtensionsActiveCalls", "ExtensionLst"];

    fn route(&self) -> Option<&'static str> {
        Some("GetOnlineAccounts/{License}/{ICustomer}/{GetSipStatus}")
    }

    fn members(&self) -> Members {
        let Self { i_customer } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("GetSipStatus", &true)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<Self::Answer, Error> {
        Ok((
            answer.extension_statuses.unwrap_or_default(),
            answer.extensions.unwrap_or_default(),
        ))
    }
}
