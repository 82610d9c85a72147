//! The licence: the secret by which the upstream knows on whose behalf it is asked.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::Transport;
use super::value::{Invalid, check_license};

/// A licence and the name that the gateway's operator gave it.
///
/// Two licences are equal if their names are, so that what is kept per licence, such as a feed, outlives a change of the
/// secret. `Debug` shows the name alone, and there is no `Display`. The secret is wiped from memory with the last clone;
/// what was written into requests is not.
#[derive(Clone)]
pub struct License(Arc<Named>);

struct Named {
    name: Box<str>,
    secret: SecretString,
}

impl License {
    /// The name of the licence of a gateway that has one only.
    pub const DEFAULT_NAME: &'static str = "default";

    /// Checks that `transport` can carry the licence `secret`.
    ///
    /// # Errors
    ///
    /// [`Invalid`], as for any text; over `routes`, where the licence is a segment of every path, for more reasons.
    pub fn parse(name: &str, secret: &str, transport: Transport) -> Result<Self, Invalid> {
        check_license(secret, transport)?;
        Ok(Self(Arc::new(Named {
            name: name.into(),
            secret: secret.into(),
        })))
    }

    /// The name, which is no secret.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The secret itself, for the one place that writes it into a request.
    pub(super) fn expose(&self) -> &str {
        self.0.secret.expose_secret()
    }
}

impl PartialEq for License {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for License {}

impl Hash for License {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for License {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("License")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
