//! Reads from the head and the frames of an answer how its RPC ended.
//!
//! | seen | how | code |
//! | --- | --- | --- |
//! | `grpc-status` in headers or trailers | finished | that one |
//! | none in the headers, and an HTTP status that is not 200 | finished | what gRPC clients take the HTTP status for |
//! | an error in place of the answer or of a frame | failed | `INTERNAL`: clients see a reset stream |
//! | the end of the body without a `grpc-status` | failed | `UNKNOWN`: clients have nothing to go by |

use std::task::Poll;

use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame};
use tonic::{Code, Status};

use super::rpc::End;

/// The end, if it is known already: an error in place of the answer, a status in its headers, or no body to follow.
pub(super) fn end_in_result<B: Body, E>(result: &Result<Response<B>, E>) -> Option<End> {
    let Ok(response) = result else {
        return Some(error());
    };
    if let Some(code) = code_in(response.headers()) {
        return Some(End::finished(code));
    }
    if response.status() != StatusCode::OK {
        return Some(End::finished(code_of_http(response.status())));
    }
    response.body().is_end_stream().then(without_status)
}

/// The end, if this poll of the body tells it; `is_end` says whether the body is at its end after the poll.
pub(super) fn end_in_poll<D, E>(polled: &Poll<Option<Result<Frame<D>, E>>>, is_end: bool) -> Option<End> {
    match polled {
        Poll::Pending => None,
        Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
            Some(trailers) => Some(code_in(trailers).map_or_else(without_status, End::finished)),
            // A reader that knows that the body is at its end need not poll it again.
            None => is_end.then(without_status),
        },
        Poll::Ready(Some(Err(_))) => Some(error()),
        Poll::Ready(None) => Some(without_status()),
    }
}

fn error() -> End {
    End::failed(Code::Internal)
}

fn without_status() -> End {
    End::failed(Code::Unknown)
}

/// The code of a `grpc-status`. `Status::from_header_map` would also clone the headers and decode the details.
fn code_in(headers: &HeaderMap) -> Option<Code> {
    let status = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(status.as_bytes()))
}

/// The code that gRPC clients take an HTTP status for, as in
/// <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>.
fn code_of_http(status: StatusCode) -> Code {
    match status {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    }
}
