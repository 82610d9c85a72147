//! Where an RPC comes from, as far as others can be asked about it.

use std::net::IpAddr;

use http::{HeaderValue, Request};
use opentelemetry::trace::TraceId;

use crate::telemetry::TraceContext;

/// The header in which proxies number requests.
const REQUEST_ID: &str = "x-request-id";

/// The address of a caller, or of the proxy in front of it: an extension of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Where an RPC comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Who is connected.
    pub peer: Option<IpAddr>,
    /// The `x-request-id`, if it is one: a UUID, with its hyphens or without.
    pub request_id: Option<HeaderValue>,
    /// The trace that it is part of: its caller's, or if that tells of none, its own, if that is kept.
    pub trace: Option<TraceId>,
}

impl Origin {
    /// That of `request`, whose headers tell of the trace of `caller`.
    pub(super) fn of<B>(request: &Request<B>, caller: Option<&TraceContext>) -> Self {
        let request_id = request.headers().get(REQUEST_ID);
        Self {
            peer: request.extensions().get().map(|Peer(address)| *address),
            request_id: request_id.filter(|id| is_id(id.as_bytes())).cloned(),
            trace: caller.and_then(TraceContext::trace),
        }
    }
}

/// Whether `text` is a UUID. Anything else could say anything, and so is not repeated.
fn is_id(text: &[u8]) -> bool {
    let is_hex = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    match text.len() {
        32 => is_hex(text),
        36 => {
            let lengths = text.split(|byte| *byte == b'-').map(<[u8]>::len);
            lengths.eq([8, 4, 4, 4, 12]) && text.split(|byte| *byte == b'-').all(is_hex)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_is_a_request_id() {
        for id in [
            "5f1d2a34-0b1c-4d5e-8f90-a1b2c3d4e5f6",
            "5F1D2A340B1C4D5E8F90A1B2C3D4E5F6",
        ] {
            assert!(is_id(id.as_bytes()), "{id}");
        }
        for other in [
            "",
            "15550010101",
            "5f1d2a340b1c4d5e8f90a1b2c3d4e5f",
            "5f1d2a34-0b1c-4d5e-8f90-a1b2c3d4e5f",
            "5f1d2a340-b1c-4d5e-8f90-a1b2c3d4e5f6",
            "Jane-Doe-of-Example-Inc-at-15550010101"[..36].as_ref(),
        ] {
            assert!(!is_id(other.as_bytes()), "{other}");
        }
    }
}
