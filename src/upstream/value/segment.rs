//! What texts must not hold to be segments of a path: a table of rules, each with the hosts that made it necessary.
//!
//! All of it is carried by the reply route. `docs/errors.md` has the same table for callers.

use super::invalid::Invalid;

/// A rule for one text.
struct Rule {
    breaks: fn(&str) -> bool,
    told: Invalid,
}

/// Two kinds of characters that must not meet in one path, even in different texts.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    one: fn(char) -> bool,
    other: fn(char) -> bool,
    /// What the caller is told if texts bring them together.
    pub(crate) told: Invalid,
}

const RULES: [Rule; 3] = [
    // Every URL library, proxy and IIS: dot segments are resolved into another route, encoded or not.
    Rule {
        breaks: |text| matches!(text, "." | ".."),
        told: Invalid::Dots,
    },
    // Self-hosted v3 splits at %2F in either case; IIS takes a backslash for a slash.
    Rule {
        breaks: |text| text.contains(['/', '\\']),
        told: Invalid::Slash,
    },
    // IIS refuses them, self-hosted hosts cut the text at a NUL.
    Rule {
        breaks: |text| text.contains(char::is_control),
        told: Invalid::Control,
    },
];

const PAIRS: [Pair; 2] = [
    // Self-hosted v3 on mono: a path with `%` and a character of four bytes is an exception that nobody catches, and the
    // process ends. A read's product id is enough.
    Pair {
        one: |c| c == '%',
        other: is_astral,
        told: Invalid::PercentAndAstral,
    },
    // The same host never answers some mixes, such as `<?~_` between zero-width spaces. Which ones is not known: all
    // mixes of an invisible character and punctuation that a path encodes are refused. Names in scripts that use
    // joiners are not among them.
    Pair {
        one: is_format,
        other: is_encoded_punctuation,
        told: Invalid::InvisibleAndPunctuation,
    },
];

/// Checks `text` against every rule; the error is the first rule that it breaks.
pub(super) fn check(text: &str) -> Result<(), Invalid> {
    if let Some(rule) = RULES.iter().find(|rule| (rule.breaks)(text)) {
        return Err(rule.told);
    }
    match clash(&[text].into_iter()) {
        Some(pair) => Err(pair.told),
        None => Ok(()),
    }
}

/// Checks a licence, which is in one path with every text: it must not bring one half of a pair.
pub(super) fn check_license(secret: &str) -> Result<(), Invalid> {
    check(secret)?;
    if secret.contains(|c| c == '%' || is_astral(c) || is_format(c)) {
        return Err(Invalid::BesideOthers);
    }
    Ok(())
}

/// The first pair that meets in a path that holds all of `texts`.
pub(crate) fn clash<'t>(texts: &(impl Iterator<Item = &'t str> + Clone)) -> Option<Pair> {
    let holds = |kind: fn(char) -> bool| texts.clone().any(|text| text.contains(kind));
    PAIRS
        .into_iter()
        .find(|pair| holds(pair.one) && holds(pair.other))
}

impl Pair {
    /// Whether `text` brings one of the two.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.contains(self.one) || text.contains(self.other)
    }
}

/// A character beyond the basic plane.
fn is_astral(c: char) -> bool {
    c > '\u{ffff}'
}

/// Punctuation of ASCII that a path holds in its encoded form only.
fn is_encoded_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '~' | '.')
}

/// Unicode's format characters (general category Cf), which are invisible.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_or_hangs_a_host_is_refused() {
        for (text, why) in [
            (".", Invalid::Dots),
            ("..", Invalid::Dots),
            ("/", Invalid::Slash),
            ("a/b", Invalid::Slash),
            ("a\\b", Invalid::Slash),
            ("\0", Invalid::Control),
            ("a\nb", Invalid::Control),
            ("\u{7f}", Invalid::Control),
            ("\u{9f}", Invalid::Control),
            ("%%😀", Invalid::PercentAndAstral),
            ("😀 100%", Invalid::PercentAndAstral),
            ("𐐷%41", Invalid::PercentAndAstral),
            ("\u{200b}<?~_\u{200b}", Invalid::InvisibleAndPunctuation),
            ("\u{feff}&", Invalid::InvisibleAndPunctuation),
            ("100%\u{200e}", Invalid::InvisibleAndPunctuation),
        ] {
            assert_eq!(check(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_pair_may_not_meet_in_one_path_either() {
        let told = |texts: &[&str]| clash(&texts.iter().copied()).map(|pair| pair.told);
        assert_eq!(told(&["100%", "😀"]), Some(Invalid::PercentAndAstral));
        assert_eq!(told(&["😀", "x", "100%"]), Some(Invalid::PercentAndAstral));
        assert_eq!(told(&["\u{200b}", "a&b"]), Some(Invalid::InvisibleAndPunctuation));
        assert_eq!(told(&["100%", "a&b"]), None);
        assert_eq!(told(&["😀", "a&b"]), None);
    }

    #[test]
    fn a_licence_brings_nothing_that_a_text_could_meet_with() {
        assert_eq!(check_license("a+b=c"), Ok(()));
        for secret in ["a%b", "😀", "a\u{200b}"] {
            assert_eq!(check_license(secret), Err(Invalid::BesideOthers), "{secret:?}");
        }
    }

    #[test]
    fn what_every_host_takes_is_not() {
        for text in [
            "*98",
            "100%",
            "%2e%2e",
            "a?b#c&d<e>",
            "😀",
            "Zoë 😀 & Söhne",
            "علی\u{200c}رضا",
            "\u{200b}",
            "...",
            " ",
        ] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }
}
