//! The stand-in upstream's settings.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use super::{Refused, Time};
use crate::sandbox::{self, ErrorForm, State, TrafficParams, WorldParams};

/// The stand-in upstream.
#[derive(Args, Debug)]
pub struct SandboxArgs {
    /// Where the stand-in upstream listens
    #[arg(
        long,
        env = "PORTICO_SANDBOX_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub sandbox_listen: SocketAddr,
    /// Decides everything that is drawn: the same seed gives the same history
    #[arg(long, env = "PORTICO_SEED", default_value_t = WorldParams::default().seed, value_name = "NUMBER")]
    seed: u64,
    /// How many customers there are, numbered from 1
    #[arg(long, env = "PORTICO_CUSTOMERS", default_value_t = WorldParams::default().customers, value_name = "COUNT")]
    customers: u16,
    /// How many extensions each customer has
    #[arg(long, env = "PORTICO_EXTENSIONS", default_value_t = WorldParams::default().extensions, value_name = "COUNT")]
    extensions: u16,
    /// New calls a minute, per customer
    #[arg(
        long,
        env = "PORTICO_CALLS_PER_MINUTE",
        default_value_t = TrafficParams::default().calls_per_minute,
        value_name = "RATE"
    )]
    calls_per_minute: f64,
    /// How long a call lasts on average
    #[arg(long, env = "PORTICO_MEAN_DURATION", default_value_t = TrafficParams::default().mean_duration.into(), value_name = "TIME")]
    mean_duration: Time,
    /// Serve the recorded server's fixed state instead of a living world
    #[arg(long, env = "PORTICO_RECORDED")]
    recorded: bool,
    /// What the body of a service error looks like
    #[arg(long, env = "PORTICO_ERROR_FORM", default_value = "row", value_name = "FORM")]
    error_form: ErrorFormName,
    /// Trouble from the start, as the control endpoint takes it: {"faults": [{"kind": "latency", "fixed_ms": 200}]}
    #[arg(long, env = "PORTICO_FAULTS", value_name = "JSON")]
    faults: Option<String>,
}

/// What the body of a service error looks like.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ErrorFormName {
    /// An answer with every column at its default
    Row,
    /// A ResponseStatus table
    Table,
}

impl SandboxArgs {
    /// The settings of the sandbox.
    ///
    /// # Errors
    ///
    /// [`Refused`] for faults that cannot be read, and for a rate of calls that is negative or not finite.
    pub fn params(&self) -> Result<sandbox::Params, Refused> {
        if !(self.calls_per_minute.is_finite() && self.calls_per_minute >= 0.0) {
            return Err(Refused::new("--calls-per-minute", "must be 0 or more"));
        }
        let traffic = TrafficParams {
            calls_per_minute: self.calls_per_minute,
            mean_duration: self.mean_duration.into(),
        };
        let world = WorldParams {
            start: None,
            seed: self.seed,
            customers: self.customers,
            extensions: self.extensions,
            traffic,
        };
        let faults = self.faults.as_deref().map(sandbox::parse_faults).transpose();
        Ok(sandbox::Params {
            state: if self.recorded {
                State::Recorded
            } else {
                State::Living(world)
            },
            error_form: match self.error_form {
                ErrorFormName::Row => ErrorForm::Row,
                ErrorFormName::Table => ErrorForm::Table,
            },
            faults: faults
                .map_err(|wrong| Refused::new("--faults", wrong))?
                .unwrap_or_default(),
            fault_seed: self.seed,
            ..sandbox::Params::default()
        })
    }
}
