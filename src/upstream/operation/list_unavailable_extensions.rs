//! `GetUnavailableExtensions`: the extension numbers that are taken.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::Id;
use crate::wire::{Answer, Extension};

/// Lists the extension numbers that are taken.
#[derive(Clone, Debug)]
pub struct ListUnavailableExtensions {
    /// The customer.
    pub i_customer: Id,
}

impl Operation for ListUnavailableExtensions {
    type Answer = Vec<Extension>;

    const NAME: &'static str = "ListUnavailableExtensions";
    const EFFECT: Effect = Effect::Read;
    const COLUMNS: &'static [&'static str] = &["ExtensionLst"];

    fn route(&self) -> Option<&'static str> {
        Some("GetUnavailableExtensions/{License}/{ICustomer}/{isUnavailable}")
    }

    fn members(&self) -> Members {
        let Self { i_customer } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("isUnavailable", &true)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<Vec<Extension>, Error> {
        Ok(answer.extensions.unwrap_or_default())
    }
}
