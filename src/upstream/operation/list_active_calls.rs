//! `GetCustomerExtensionsActiveCalls`: a customer's live calls.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::{Id, ProductIds};
use crate::wire::{ActiveCall, Answer, ExtensionStatus};

/// Lists a customer's live calls and the state of the extensions.
#[derive(Clone, Debug)]
pub struct ListActiveCalls {
    /// The customer.
    pub i_customer: Id,
    /// Only calls of these products.
    pub products: Option<ProductIds>,
}

/// What one poll of the live calls yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveCalls {
    /// One entry a leg, in the upstream's order.
    pub calls: Vec<ActiveCall>,
    /// The state of the extensions, where the upstream gives it.
    pub extension_statuses: Vec<ExtensionStatus>,
}

impl Operation for ListActiveCalls {
    type Answer = ActiveCalls;

    const NAME: &'static str = "ListActiveCalls";
    const EFFECT: Effect = Effect::Read;
    const COLUMNS: &'static [&'static str] = &["lstportaActiveCalls", "ExtensionsActiveCalls"];

    fn route(&self) -> Option<&'static str> {
        Some(match self.products {
            None => "GetCustomerExtensionsActiveCalls/{License}/{ICustomer}/{GetActiveCalls}",
            Some(_) => "GetCustomerExtensionsActiveCalls/{License}/{ICustomer}/{GetActiveCalls}/{IProducts}",
        })
    }

    fn members(&self) -> Members {
        let Self { i_customer, products } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("GetActiveCalls", &true)
            .with("IProducts", products)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<ActiveCalls, Error> {
        Ok(ActiveCalls {
            calls: answer.calls.unwrap_or_default(),
            extension_statuses: answer.extension_statuses.unwrap_or_default(),
        })
    }
}
