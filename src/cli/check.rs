//! `portico check`: the configuration and the upstream, step by step.

use std::fmt::Display;
use std::io::Write as _;

use super::Failure;
use crate::config::CheckArgs;
use crate::telemetry::{Chain, metrics};
use crate::upstream::operation::ListExtensions;
use crate::upstream::page::Absent;
use crate::upstream::value::Id;
use crate::upstream::{Context, Error, Kind, Lane};

pub(super) async fn run(args: CheckArgs) -> Result<(), Failure> {
    let CheckArgs {
        customer,
        upstream,
        gateway,
    } = args;
    let customer = customer.map(Id::parse).transpose();
    let i_customer = customer.map_err(|invalid| Failure::Usage(format!("--customer: {invalid}")))?;
    let base = upstream.base()?;
    let license = upstream.license(gateway.transport())?;
    gateway.server(std::time::Duration::ZERO)?;
    let client = gateway.client(base.clone(), metrics::nowhere())?;
    passed("the configuration is sound");

    match client.probe(gateway.timeout()).await {
        Ok(()) => passed(format_args!("the upstream at {base} answers")),
        Err(Absent::Failed(error)) => {
            let step = match error {
                Error::Status { .. } => format!("the upstream at {base} fails"),
                Error::NotHttp(_) => format!("what answers at {base} is no web service"),
                _ => format!("the upstream at {base} does not answer"),
            };
            return failed(step, &error);
        }
        Err(other @ Absent::OtherPage { .. }) => {
            return failed(format_args!("what answers at {base} is not the service"), &other);
        }
    }
    let Some(i_customer) = i_customer else {
        return Ok(());
    };
    let extensions = ListExtensions {
        i_customer,
        products: None,
    };
    match client
        .call(&Context::of_gateway(license, Lane::Call), &extensions)
        .await
    {
        Ok(extensions) => {
            passed(format_args!(
                "the licence is taken: the customer has {} extensions",
                extensions.len()
            ));
            Ok(())
        }
        Err(error) if error.kind() == Kind::LicenseRejected => {
            failed("the upstream refuses the licence", &error)
        }
        Err(error) => failed("the customer's extensions cannot be listed", &error),
    }
}

fn passed(step: impl Display) {
    say(format_args!("ok      {step}"));
}

fn failed(step: impl Display, error: &(dyn std::error::Error + 'static)) -> Result<(), Failure> {
    say(format_args!("FAILED  {step}: {}", Chain(error)));
    Err(Failure::Reported)
}

fn say(line: impl Display) {
    // A closed standard output is the reader's choice; the exit code still tells.
    let _ = writeln!(std::io::stdout(), "{line}");
}
