//! `GetCustomerExtensions`: a customer's extensions.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::{Id, ProductIds};
use crate::wire::{Answer, Extension};

/// Lists a customer's extensions.
#[derive(Clone, Debug)]
pub struct ListExtensions {
    /// The customer.
    pub i_customer: Id,
    /// Only extensions of these products.
    pub products: Option<ProductIds>,
}

impl Operation for ListExtensions {
    type Answer = Vec<Extension>;

    const NAME: &'static str = "ListExtensions";
    const EFFECT: Effect = Effect::Read;
    const COLUMNS: &'static [&'static str] = &["ExtensionLst"];

    fn route(&self) -> Option<&'static str> {
        Some(match self.products {
            None => "GetCustomerExtensions/{License}/{ICustomer}",
            Some(_) => "GetCustomerExtensions/{License}/{ICustomer}/{IProducts}",
        })
    }

    fn members(&self) -> Members {
        let Self { i_customer, products } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("IProducts", products)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<Vec<Extension>, Error> {
        Ok(answer.extensions.unwrap_or_default())
    }
}
