//! A request as it is on the wire: one whole message without compression, whatever the RPC.
//!
//! What tonic does by itself differs by RPC and by what is wrong: it takes the first of two messages, and its refusals
//! have no details.

use bytes::{Buf as _, Bytes};
use http::request::Parts;
use http::{HeaderName, Method, Request};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use tokio::time::{Instant, timeout_at};
use tonic::{Status, body};

use crate::status;

/// The largest message. Each request that is sound is far smaller: `Reply` with four texts of 250 characters, a watch with a
/// token and product ids.
const MAX_MESSAGE: usize = 64 * 1024;

/// The prefix of a message: a flag for compression and the length.
const PREFIX: usize = 5;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// The one message of a request, with its prefix.
#[derive(Debug)]
pub(super) struct Whole(Bytes);

/// By when the request that carries it must have arrived as a whole, says the server.
#[derive(Clone, Copy, Debug)]
pub struct ArriveBy(pub Instant);

/// Reads a request to its end, which must come before the caller's `deadline`.
///
/// # Errors
///
/// The status of a request that is malformed, not supported, or too slow.
pub(super) async fn read<B>(request: Request<B>, deadline: Option<Instant>) -> Result<(Parts, Whole), Status>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut head, body) = request.into_parts();
    if head.method != Method::POST {
        return Err(status::unsupported_request());
    }
    let server = head.extensions.get().map(|ArriveBy(by)| *by);
    let body = collect(body, [deadline, server].into_iter().flatten().min()).await?;
    let whole = Whole::parse(body)?;
    // It names what a message may be compressed with. This one is not: nobody below need refuse the name.
    head.headers.remove(ENCODING);
    Ok((head, whole))
}

async fn collect<B>(body: B, by: Option<Instant>) -> Result<Bytes, Status>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = Limited::new(body, PREFIX + MAX_MESSAGE).collect();
    let Some(by) = by else {
        return body
            .await
            .map(Collected::to_bytes)
            .map_err(|_| status::malformed_request());
    };
    match timeout_at(by, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        // A body that is late may say so itself, in words that layers between have made others of.
        Ok(Err(_)) if Instant::now() < by => Err(status::malformed_request()),
        Ok(Err(_)) | Err(_) => Err(status::slow_request()),
    }
}

impl Whole {
    fn parse(body: Bytes) -> Result<Self, Status> {
        let mut prefix = body.get(..PREFIX).ok_or_else(status::malformed_request)?;
        let (flag, len) = (prefix.get_u8(), prefix.get_u32());
        match flag {
            0 if usize::try_from(len) == Ok(body.len() - PREFIX) => Ok(Self(body)),
            1 => Err(status::unsupported_request()),
            _ => Err(status::malformed_request()),
        }
    }

    /// The message without its prefix.
    pub(super) fn message(&self) -> Bytes {
        self.0.slice(PREFIX..)
    }

    /// The body that it came as.
    pub(super) fn into_body(self) -> body::Body {
        body::Body::new(Full::new(self.0))
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn parse(body: &[u8]) -> Result<Bytes, Code> {
        let whole = Whole::parse(Bytes::copy_from_slice(body));
        whole.map(|whole| whole.message()).map_err(|status| status.code())
    }

    #[test]
    fn a_request_is_one_message() {
        assert_eq!(parse(&[0, 0, 0, 0, 0]), Ok(Bytes::new()));
        assert_eq!(parse(&[0, 0, 0, 0, 2, 8, 7]), Ok(Bytes::from_static(&[8, 7])));
    }

    #[test]
    fn anything_else_is_refused() {
        for malformed in [
            &[][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 0, 2, 8],
            &[0, 0, 0, 0, 2, 8, 7, 0],
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0, 0, 0, 2, 8, 7],
            &[0, 255, 255, 255, 255, 8, 7],
        ] {
            assert_eq!(parse(malformed), Err(Code::InvalidArgument), "{malformed:?}");
        }
        assert_eq!(parse(&[1, 0, 0, 0, 2, 8, 7]), Err(Code::Unimplemented));
    }
}
