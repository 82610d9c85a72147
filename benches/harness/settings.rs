//! How much a run measures, from its environment and its arguments.

use std::error::Error;
use std::str::FromStr;

use super::Result;

/// The arguments of the run.
pub(crate) fn args() -> Vec<String> {
    // Cargo passes `--bench`.
    std::env::args().skip(1).filter(|arg| arg != "--bench").collect()
}

/// What follows `flag` among the arguments.
pub(crate) fn flag<T>(args: &[String], flag: &str, default: T) -> Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let value = args.iter().skip_while(|arg| *arg != flag).nth(1);
    Ok(value.map_or(Ok(default), |value| value.parse())?)
}

/// What the environment says of `name`.
pub(crate) fn variable<T>(name: &str, default: T) -> Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    Ok(std::env::var(name).map_or(Ok(default), |value| value.parse())?)
}
