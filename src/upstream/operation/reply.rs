//! `POST /csv/reply/CustomerExtension` as it is: the upstream's request type, the upstream's answer.

use super::{Effect, Members, Operation};
use crate::upstream::Error;
use crate::upstream::value::{Id, Number, Text};
use crate::wire::Answer;

/// The upstream's request type. What is `None` or false is not sent.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "they are the upstream's members")]
pub struct Reply {
    /// The customer.
    pub i_customer: Id,
    /// A display name.
    pub name: Option<Text>,
    /// A number to dial.
    pub id: Option<Text>,
    /// An extension's record.
    pub extension_record_id: Option<Id>,
    /// An account.
    pub i_account: Option<Id>,
    /// Product ids, joined with commas.
    pub i_products: Option<Text>,
    /// Ask for live calls.
    pub get_active_calls: bool,
    /// Ask for filtering data.
    pub is_filtering: bool,
    /// Ask for SIP registration.
    pub get_sip_status: bool,
    /// Ask for the numbers that are taken.
    pub is_unavailable: bool,
    /// Echoed in the answer.
    pub content_id: Option<Number>,
    /// Echoed in the answer.
    pub feature_name: Option<Text>,
}

impl Operation for Reply {
    type Answer = Answer;

    const NAME: &'static str = "Reply";
    const EFFECT: Effect = Effect::Change;
    /// Which columns matter is the members' to decide, and the service alone knows how: what is there is passed on.
    const COLUMNS: &'static [&'static str] = &[];

    fn route(&self) -> Option<&'static str> {
        None
    }

    fn members(&self) -> Members {
        let Self {
            i_customer,
            name,
            id,
            extension_record_id,
            i_account,
            i_products,
            get_active_calls,
            is_filtering,
            get_sip_status,
            is_unavailable,
            content_id,
            feature_name,
        } = self;
        Members::default()
            .with("ICustomer", i_customer)
            .with("Name", name)
            .with("Id", id)
            .with("ExtensionRecordId", extension_record_id)
            .with("IAccount", i_account)
            .with("IProducts", i_products)
            .with("GetActiveCalls", get_active_calls)
            .with("IsFiltering", is_filtering)
            .with("GetSipStatus", get_sip_status)
            .with("isUnavailable", is_unavailable)
            .with("ContentId", content_id)
            .with("FeatureName", feature_name)
    }

    fn customer(&self) -> Id {
        self.i_customer
    }

    fn parse(&self, answer: Answer) -> Result<Answer, Error> {
        Ok(answer)
    }
}
