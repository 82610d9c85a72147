//! Which format an answer takes: a suffix wins over `?format=`, which wins over `Accept`.
//!
//! HTML and JSON are preferred formats of a v3 host and beat CSV wherever `Accept` names them; if the client names
//! none, the answer is HTML.

/// A format of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `text/csv`.
    Csv,
    /// `application/json`.
    Json,
    /// The page for people, `text/html`.
    Html,
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// The value of `Content-Type` this format is sent with.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json; charset=utf-8",
            Self::Html => "text/html",
        }
    }
}

/// The path without its suffix and the format the suffix names: whatever follows the last dot of the *whole* path,
/// and only in lower case.
pub(super) fn split_suffix(path: &str) -> Option<(&str, Format)> {
    let (path, suffix) = path.rsplit_once('.')?;
    Some((path, Format::named(suffix)?))
}

/// The format of an answer on a published route.
pub(super) fn choose(suffix: Option<Format>, query: Option<&str>, accept: &str) -> Format {
    suffix
        .or_else(|| Format::named(&query?.to_ascii_lowercase()))
        .unwrap_or_else(|| accepted(accept))
}

fn accepted(accept: &str) -> Format {
    let types: Vec<&str> = accept
        .split(',')
        .map(|item| item.split(';').next().unwrap_or_default().trim())
        .collect();
    let named = |name: &str| {
        types
            .iter()
            .any(|media_type| media_type.eq_ignore_ascii_case(name))
    };
    if named("text/html") {
        Format::Html
    } else if named("application/json") {
        Format::Json
    } else if named("text/csv") {
        Format::Csv
    } else {
        Format::Html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_wins_over_the_query_and_the_query_over_accept() {
        assert_eq!(choose(Some(Format::Csv), Some("json"), "text/html"), Format::Csv);
        assert_eq!(choose(None, Some("CSV"), "application/json"), Format::Csv);
        assert_eq!(choose(None, Some("unknown"), "text/csv"), Format::Csv);
    }

    #[test]
    fn a_preferred_type_beats_csv_wherever_it_stands() {
        assert_eq!(choose(None, None, "text/csv, */*"), Format::Csv);
        assert_eq!(
            choose(None, None, "text/csv, application/json;q=0.1"),
            Format::Json
        );
        assert_eq!(choose(None, None, ""), Format::Html);
    }

    #[test]
    fn a_suffix_counts_only_in_lower_case_and_at_the_end_of_the_path() {
        assert_eq!(split_suffix("/a/1.csv"), Some(("/a/1", Format::Csv)));
        assert_eq!(split_suffix("/a/1.CSV"), None);
        assert_eq!(split_suffix("/a/./213"), None);
    }
}
