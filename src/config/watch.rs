//! The settings of `portico watch`.

use clap::{Args, ValueEnum};
use http::Uri;

use super::{Refused, Time};
use crate::client::{Params, Query};

/// `portico watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Whose calls to watch
    #[arg(
        long,
        env = "PORTICO_CUSTOMER",
        value_name = "I_CUSTOMER",
        value_parser = clap::value_parser!(i64).range(1..=i64::from(i32::MAX))
    )]
    customer: i64,
    /// Only calls of these products
    #[arg(long, env = "PORTICO_PRODUCTS", value_delimiter = ',', value_name = "ID,ID")]
    products: Vec<String>,
    /// Where the gateway is
    #[arg(
        long,
        env = "PORTICO_GATEWAY",
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    gateway: String,
    /// How to show the calls; on a terminal a table, else lines
    #[arg(long, env = "PORTICO_OUTPUT", value_name = "FORM")]
    pub output: Option<OutputName>,
    /// Have the gateway end the stream when its state is older; 0s = show the state and say that it is stale
    #[arg(long, env = "PORTICO_MAX_STALENESS", default_value_t = Params::default().max_staleness.into(), value_name = "TIME")]
    max_staleness: Time,
}

/// How calls are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputName {
    /// A live table; q ends it
    Table,
    /// A line for each change, for people
    Lines,
    /// A JSON object on a line for each change, for programs
    Json,
}

impl WatchArgs {
    /// The gateway's address.
    ///
    /// # Errors
    ///
    /// [`Refused`] for anything but `http://` with a host.
    pub fn gateway(&self) -> Result<Uri, Refused> {
        const FLAG: &str = "--gateway";
        let uri: Uri = self.gateway.parse().map_err(|error| Refused::new(FLAG, error))?;
        if uri.authority().is_none() || uri.scheme_str() != Some("http") {
            return Err(Refused::new(
                FLAG,
                "must be http:// and a host, such as http://127.0.0.1:50051",
            ));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(Refused::new(FLAG, "must end with the host or its port"));
        }
        Ok(uri)
    }

    /// What to watch.
    ///
    /// # Errors
    ///
    /// [`Refused`] for an empty product.
    pub fn query(&self) -> Result<Query, Refused> {
        if self.products.iter().any(String::is_empty) {
            return Err(Refused::new("--products", "an id is empty"));
        }
        Ok(Query {
            i_customer: self.customer,
            product_ids: self.products.clone(),
        })
    }

    /// How to watch.
    #[must_use]
    pub fn params(&self) -> Params {
        Params {
            max_staleness: self.max_staleness.into(),
            ..Params::default()
        }
    }
}
