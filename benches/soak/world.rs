//! What the sandbox holds, asked through a gateway that nobody troubles: the witness.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    DeleteExtensionRequest, Extension, ListActiveCallsRequest, ListActiveCallsResponse, ListExtensionsRequest,
};
use rand::seq::IteratorRandom as _;
use tonic::transport::{Channel, Endpoint};

use super::harness::Result;

/// A client of one gateway.
pub(crate) type Client = CustomerExtensionServiceClient<Channel>;

/// How many customers of the sandbox are used.
const CUSTOMERS: i64 = 20;

/// The customers, and the extensions that each had at the start, by `i_c_ext`.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) customers: BTreeMap<i64, BTreeSet<i64>>,
}

/// The gateway that asks the sandbox without the liar in between.
#[derive(Clone, Debug)]
pub(crate) struct Witness(Client);

/// A client that connects when it calls.
pub(crate) fn client(gateway: SocketAddr) -> Result<Client> {
    let endpoint = Endpoint::from_shared(format!("http://{gateway}"))?;
    Ok(Client::new(endpoint.tcp_nodelay(true).connect_lazy()))
}

// === impl World ===

impl World {
    /// The world as the witness sees it.
    pub(crate) async fn of(witness: &Witness) -> Result<Self> {
        let mut customers = BTreeMap::new();
        for customer in 1..=CUSTOMERS {
            let extensions = witness.extensions(customer).await?;
            customers.insert(customer, extensions.iter().map(|row| row.i_c_ext).collect());
        }
        Ok(Self { customers })
    }

    /// One of the customers.
    pub(crate) fn any(&self) -> i64 {
        let customers = self.customers.keys().copied();
        customers.choose(&mut rand::rng()).unwrap_or_default()
    }

    /// What is wrong with this list of extensions of a customer: one that was there from the start is missing, or is
    /// another's.
    pub(crate) fn wrong(&self, customer: i64, listed: impl Iterator<Item = i64>) -> Option<String> {
        let listed: BTreeSet<i64> = listed.collect();
        for (of, extensions) in &self.customers {
            let seen = extensions.intersection(&listed).count();
            let expected = if *of == customer { extensions.len() } else { 0 };
            if seen != expected {
                return Some(format!(
                    "a list of customer {customer} has {seen} of {expected} of {of}"
                ));
            }
        }
        None
    }
}

// === impl Witness ===

impl Witness {
    /// The witness behind this address.
    pub(crate) fn at(gateway: SocketAddr) -> Result<Self> {
        Ok(Self(client(gateway)?))
    }

    /// The customer's extensions.
    pub(crate) async fn extensions(&self, i_customer: i64) -> Result<Vec<Extension>> {
        let request = ListExtensionsRequest {
            i_customer,
            product_ids: Vec::new(),
        };
        Ok(self
            .0
            .clone()
            .list_extensions(request)
            .await?
            .into_inner()
            .extensions)
    }

    /// Deletes an extension of the customer.
    pub(crate) async fn delete(&self, i_customer: i64, i_c_ext: i64) -> Result<()> {
        let request = DeleteExtensionRequest {
            i_customer,
            i_c_ext,
            request_id: String::new(),
        };
        self.0.clone().delete_extension(request).await?;
        Ok(())
    }

    /// The customer's calls and statuses.
    pub(crate) async fn active_calls(&self, i_customer: i64) -> Result<ListActiveCallsResponse> {
        let request = ListActiveCallsRequest {
            i_customer,
            product_ids: Vec::new(),
        };
        Ok(self.0.clone().list_active_calls(request).await?.into_inner())
    }
}
