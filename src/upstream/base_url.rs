//! Where the upstream is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

/// The URL under which the service's routes lie, such as `https://porta.example.com` or `http://10.0.0.5:8080/ws`.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: http::uri::Authority,
    /// The path with one slash at its end.
    path: String,
}

/// Why a text is no base URL. `Display` is the sentence; it never repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidBaseUrl {
    /// It does not parse as a URL.
    Malformed,
    /// Its scheme is missing or another than `http` and `https`.
    Scheme,
    /// It has a user or password, which would be sent in clear.
    UserInfo,
    /// It has a query or fragment, which would change what the routes mean.
    Query,
    /// Its path has an empty or dot segment.
    Path,
}

impl fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is not a URL such as http://porta.example.com:8080",
            Self::Scheme => "it must begin with http:// or https://",
            Self::UserInfo => "it must not contain a user or password",
            Self::Query => "it must not have a query or fragment",
            Self::Path => "its path must not have empty, \".\" or \"..\" segments",
        })
    }
}

impl std::error::Error for InvalidBaseUrl {}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        if text.contains('#') {
            return Err(InvalidBaseUrl::Query);
        }
        let parts = text
            .parse::<Uri>()
            .map_err(|_| InvalidBaseUrl::Malformed)?
            .into_parts();
        let scheme = parts.scheme.filter(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS);
        let scheme = scheme.ok_or(InvalidBaseUrl::Scheme)?;
        let authority = parts.authority.ok_or(InvalidBaseUrl::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(InvalidBaseUrl::UserInfo);
        }
        let path = parts
            .path_and_query
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(InvalidBaseUrl::Query);
        }
        let path = path.path().trim_matches('/');
        let odd = |segment: &str| {
            let segment = segment.to_ascii_lowercase().replace("%2e", ".");
            matches!(&*segment, "" | "." | "..")
        };
        if !path.is_empty() && path.split('/').any(odd) {
            return Err(InvalidBaseUrl::Path);
        }
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            format!("/{path}/")
        };
        Ok(Self {
            scheme,
            authority,
            path,
        })
    }
}

impl BaseUrl {
    /// The URL of `path`, which is relative to the base and already encoded.
    ///
    /// # Panics
    ///
    /// If `path` is not the path of a URL, or longer than 64 KiB with the base's: both are the caller's to prevent.
    pub(super) fn with_path(&self, path: &str) -> Uri {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.path))
            .build()
            .expect("an encoded path is a valid path")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            authority,
            path,
        } = self;
        write!(f, "{scheme}://{authority}{}", path.trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_scheme_authority_and_path() {
        for (text, shown, page) in [
            ("http://porta", "http://porta", "http://porta/x"),
            (
                "HTTPS://porta:8443/",
                "https://porta:8443",
                "https://porta:8443/x",
            ),
            (
                "http://10.0.0.5:8080/ws",
                "http://10.0.0.5:8080/ws",
                "http://10.0.0.5:8080/ws/x",
            ),
            (
                "http://[::1]:1/a/b/",
                "http://[::1]:1/a/b",
                "http://[::1]:1/a/b/x",
            ),
        ] {
            let base: BaseUrl = text.parse().expect(text);
            assert_eq!(
                (base.to_string(), base.with_path("x").to_string()),
                (shown.to_owned(), page.to_owned())
            );
            assert_eq!(format!("{base:?}"), shown);
        }
    }

    #[test]
    fn what_is_no_base_is_refused_without_repeating_it() {
        use InvalidBaseUrl::{Malformed, Path, Query, Scheme, UserInfo};
        for (text, why) in [
            ("", Malformed),
            ("http://", Malformed),
            ("http://a b", Malformed),
            ("porta", Scheme),
            ("/ws", Scheme),
            ("ftp://CANARY", Scheme),
            ("http://CANARY@porta", UserInfo),
            ("http://me:CANARY@porta", UserInfo),
            ("http://porta?CANARY", Query),
            ("http://porta/#CANARY", Query),
            ("http://porta/a//b", Path),
            ("http://porta/a/../b", Path),
            ("http://porta/%2E%2e/b", Path),
            ("http://porta/./b", Path),
        ] {
            let refused = text.parse::<BaseUrl>().expect_err(text);
            assert_eq!(refused, why, "{text}");
            assert!(!refused.to_string().contains("CANARY"));
        }
    }
}
