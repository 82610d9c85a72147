//! The licence: from a file, or from a value that no message repeats.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::Refused;
use crate::upstream::{License, Transport};

/// Exactly one of the two must be given.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct LicenseArgs {
    /// The licence for the upstream. Other users of the machine can see it: prefer a file or the environment
    #[arg(long, env = "PORTICO_LICENSE", hide_env_values = true, value_name = "LICENSE", value_parser = secret)]
    license: Option<SecretString>,
    /// A file that holds the licence; white space around it is ignored
    #[arg(long, env = "PORTICO_LICENSE_FILE", value_name = "PATH")]
    license_file: Option<PathBuf>,
}

impl LicenseArgs {
    /// Reads the licence and checks that `transport` can carry it.
    pub(super) fn read(&self, transport: Transport) -> Result<License, Refused> {
        let Self {
            license,
            license_file,
        } = self;
        match (license, license_file) {
            (Some(license), _) => parse("--license", license, transport),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Refused::new(
                        "--license-file",
                        format_args!("cannot read {}: {error}", path.display()),
                    )
                })?;
                parse("--license-file", &SecretString::from(text), transport)
            }
            // The group makes this unreachable from the command line.
            (None, None) => Err(Refused::new("--license-file", "a licence is required")),
        }
    }
}

fn parse(flag: &str, text: &SecretString, transport: Transport) -> Result<License, Refused> {
    License::parse(License::DEFAULT_NAME, text.expose_secret().trim(), transport)
        .map_err(|invalid| Refused::new(flag, format_args!("the licence {invalid}")))
}

/// Takes any text, so that clap has no reason to repeat it in an error.
#[allow(clippy::unnecessary_wraps, reason = "the signature of a value parser")]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

impl fmt::Debug for LicenseArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LicenseArgs")
            .field("license_file", &self.license_file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::config::{Cli, Command};

    #[test]
    fn debug_of_the_command_line_and_of_what_it_becomes_hides_the_licence() {
        let arguments = [
            "portico",
            "serve",
            "--upstream-url=http://porta",
            "--license=CANARY",
        ];
        let cli = Cli::try_parse_from(arguments).expect("a command line");
        assert!(!format!("{cli:?}").contains("CANARY"), "{cli:?}");
        let Command::Serve(serve) = cli.command else {
            panic!("another command");
        };
        let license = serve.upstream.license(serve.gateway.transport());
        let license = license.expect("a licence");
        assert!(!format!("{license:?}").contains("CANARY"), "{license:?}");
    }
}
