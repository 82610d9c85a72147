//! TLS to the upstream: whom it is believed to be.
//!
//! It is set up once, from files that are read at the start. So connections can be made anew at any time, whatever has
//! become of the files.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Why the HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The CA file cannot be read.
    #[error("cannot read the CA file {path}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The CA file holds no certificate, or one that cannot be parsed.
    #[error("the CA file {path} holds no usable PEM certificate")]
    CaCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Http(#[source] Box<dyn StdError + Send + Sync>),
}

/// Trusts the authorities in `ca_file` alone; without one, those of the system.
pub(super) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, BuildError> {
    let failed = |error: rustls::Error| BuildError::Http(error.into());
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder: ConfigBuilder<ClientConfig, WantsClientCert> = match ca_file {
        Some(path) => builder.with_root_certificates(read_authorities(path)?),
        None => builder.with_platform_verifier().map_err(failed)?,
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn read_authorities(path: &Path) -> Result<RootCertStore, BuildError> {
    let path_of = || path.to_owned();
    let pem = match std::fs::read(path) {
        Ok(pem) => pem,
        Err(source) => {
            return Err(BuildError::CaFile {
                path: path_of(),
                source,
            });
        }
    };
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        certificate
            .ok()
            .and_then(|certificate| authorities.add(certificate).ok())
            .ok_or_else(|| BuildError::CaCertificate { path: path_of() })?;
    }
    if authorities.is_empty() {
        return Err(BuildError::CaCertificate { path: path_of() });
    }
    Ok(authorities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_authorities_is_refused() {
        let no_pem = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let refused = config(Some(Path::new(no_pem))).unwrap_err();
        assert!(matches!(refused, BuildError::CaCertificate { .. }), "{refused:?}");
        let no_file = concat!(env!("CARGO_MANIFEST_DIR"), "/no such file");
        let refused = config(Some(Path::new(no_file))).unwrap_err();
        assert!(matches!(refused, BuildError::CaFile { .. }), "{refused:?}");
    }
}
