//! `GetFilteringData`: what extensions are filtered by.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::Id;
use crate::wire::{Answer, Extension, ExtensionStatus};

/// Gets what extensions are filtered by: their sites, groups and state.
#[derive(Clone, Debug)]
pub struct GetFilteringData {
    /// The customer.
    pub i_customer: Id,
}

impl Operation for GetFilteringData {
    type Answer = (Vec<Extension>, Vec<ExtensionStatus>);

    const NAME: &'static str = "GetFilteringData";
    const EFFECT: Effect = Effect::Read;
    const COLUMNS: &'static [&'static str] = &["ExtensionLst", "ExtensionsActiveCalls"];

    fn route(&self) -> Option<&'static str> {
        Some("GetFilteringData/{License}/{ICustomer}/{IsFiltering}")
    }

    fn members(&self) -> Members {
        let Self { i_customer } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("IsFiltering", &true)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<Self::Answer, Error> {
        Ok((
            answer.extensions.unwrap_or_default(),
            answer.extension_statuses.unwrap_or_default(),
        ))
    }
}
