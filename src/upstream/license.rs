//! The licence: the secret by which the upstream knows the gateway.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::Transport;
use super::value::{Invalid, Text};

/// The licence. `Debug` hides it, it has no `Display`, and it is wiped from memory when dropped.
#[derive(Clone)]
pub struct License(SecretString);

impl License {
    /// Checks that `transport` can carry the licence.
    ///
    /// # Errors
    ///
    /// [`Invalid`] as for any text: over `routes` the licence is a segment of the path.
    pub fn parse(text: &str, transport: Transport) -> Result<Self, Invalid> {
        Text::parse(text, transport).map(|_| Self(SecretString::from(text)))
    }

    /// The secret itself, for the one place that writes it into a request.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for License {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("License(***)")
    }
}
