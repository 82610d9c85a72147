//! Why a value was refused, in words for the caller.

use std::fmt;

/// The largest text, in characters: IIS refuses a path segment above 260.
pub const MAX_CHARS: usize = 250;

/// Why a value was refused. `Display` is a sentence for the caller; it never repeats the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// An id is outside its range.
    Range {
        /// The smallest id.
        min: i32,
        /// The largest id.
        max: i32,
    },
    /// A text is empty, which the upstream cannot tell from a missing one.
    Empty,
    /// A text is too long.
    TooLong,
    /// A text is `.` or `..`, which hosts and proxies resolve into another route.
    Dots,
    /// A text holds a `/` or `\`, which hosts take for the end of a segment.
    Slash,
    /// A text holds a control character, which hosts refuse or cut at.
    Control,
    /// A text holds a `%` and a character beyond the basic plane, which together end the process of a host.
    PercentAndAstral,
    /// A text holds an invisible character and punctuation, which together keep a host from answering.
    InvisibleAndPunctuation,
    /// A licence holds a character that must not meet others in one path.
    BesideOthers,
    /// A product id holds the comma that separates product ids.
    Comma,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { min, max } => write!(f, "must be from {min} to {max}"),
            Self::Empty => f.write_str("must not be empty"),
            Self::TooLong => write!(f, "must have at most {MAX_CHARS} characters"),
            Self::Dots => f.write_str("must not be \".\" or \"..\""),
            Self::Slash => f.write_str("must not contain \"/\" or \"\\\""),
            Self::Control => f.write_str("must not contain control characters"),
            Self::PercentAndAstral => {
                f.write_str("must not contain both \"%\" and a character beyond U+FFFF, such as an emoji")
            }
            Self::InvisibleAndPunctuation => {
                f.write_str("must not contain both invisible characters and punctuation")
            }
            Self::BesideOthers => f.write_str(
                "must not contain \"%\", invisible characters or characters beyond U+FFFF, as it is in one path with every \
                 name",
            ),
            Self::Comma => f.write_str("must not contain a comma"),
        }?;
        if self.is_of_routes() {
            f.write_str("; the upstream transport `reply` can carry it")?;
        }
        Ok(())
    }
}

impl Invalid {
    /// Whether the value is one that only the transport refuses.
    fn is_of_routes(self) -> bool {
        match self {
            Self::Dots
            | Self::Slash
            | Self::Control
            | Self::PercentAndAstral
            | Self::InvisibleAndPunctuation
            | Self::BesideOthers => true,
            Self::Range { .. } | Self::Empty | Self::TooLong | Self::Comma => false,
        }
    }
}

impl std::error::Error for Invalid {}
