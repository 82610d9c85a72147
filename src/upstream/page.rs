//! The published page of the service, by which it is known to be at its address (`docs/adr/0014`).

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::{Effect, Error, answer};

/// What the page has in every release, and nothing else does: the sample request on it. A login page may well name the
/// page's own address, so that it can go back there.
const SIGN: &[u8] = b"/reply/CustomerExtension";

/// The header by which the framework of the service names itself.
const POWERED_BY: &str = "x-powered-by";
const FRAMEWORK: &str = "ServiceStack";

/// Why the service is not known to be there.
#[derive(Debug, thiserror::Error)]
pub enum Absent {
    /// Nothing answers, or what does says that it cannot serve.
    #[error(transparent)]
    Failed(#[from] Error),
    /// Something answers, but not with the service's page.
    #[error("the answer ({status}) is not the page of the service")]
    OtherPage {
        /// Its HTTP status.
        status: StatusCode,
    },
}

impl Absent {
    /// The value of the `error.type` attribute in logs.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.kind().error_type(),
            Self::OtherPage { .. } => "other_page",
        }
    }
}

/// Whether this is the service's page, or a sign of a service that does not show it.
///
/// # Errors
///
/// [`Absent`].
pub fn check(answer: &Response<Bytes>) -> Result<(), Absent> {
    let status = answer.status();
    match status {
        StatusCode::OK if has_sign(answer.body()) => Ok(()),
        // A host may keep its pages to itself.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND if names_framework(answer.headers()) => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(failed(status)),
        _ if status.is_server_error() => Err(failed(status)),
        _ => Err(Absent::OtherPage { status }),
    }
}

fn failed(status: StatusCode) -> Absent {
    Absent::Failed(Error::Status {
        status,
        kind: answer::kind_of_status(status, false, Effect::Read),
        csv: false,
        retry_after: None,
    })
}

fn has_sign(body: &[u8]) -> bool {
    body.windows(SIGN.len())
        .any(|window| window.eq_ignore_ascii_case(SIGN))
}

fn names_framework(headers: &HeaderMap) -> bool {
    headers
        .get_all(POWERED_BY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.starts_with(FRAMEWORK))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `error.type` of an answer, if it is not the service's.
    fn absent(status: u16, powered_by: &str, body: impl Into<Bytes>) -> Option<&'static str> {
        let answer = Response::builder()
            .status(status)
            .header("X-Powered-By", powered_by)
            .body(body.into())
            .expect("an answer");
        check(&answer).err().map(|absent| absent.error_type())
    }

    #[test]
    fn the_published_page_is_known() {
        let page = include_str!("../sandbox/page.txt");
        assert_eq!(absent(200, "ASP.NET", page), None);
        assert_eq!(absent(200, "", page.to_uppercase()), None);
    }

    #[test]
    fn a_host_that_hides_its_pages_is_known_by_its_framework() {
        for status in [403, 404] {
            assert_eq!(absent(status, "ServiceStack/3.960 Unix/Mono", "404"), None);
            assert_eq!(absent(status, "ASP.NET", "404"), Some("other_page"));
        }
    }

    #[test]
    fn whatever_else_answers_is_not_the_service() {
        let back = "<form action='/login?ReturnUrl=/csv/metadata?op=CustomerExtension'>";
        for (status, body, why) in [
            (200, back, "other_page"),
            (200, "", "other_page"),
            (204, "", "other_page"),
            (302, "", "other_page"),
            (401, "", "other_page"),
            (429, "", "rate_limited"),
            (500, "", "failed"),
            (501, "", "no_operation"),
            (502, "", "unavailable"),
            (503, "", "unavailable"),
            (504, "", "elapsed"),
            (599, "", "unexpected_status"),
        ] {
            assert_eq!(
                absent(status, "ServiceStack/3.960", body),
                Some(why),
                "{status} {body}"
            );
        }
    }
}
