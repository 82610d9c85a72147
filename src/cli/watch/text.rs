//! Text from elsewhere, made safe and fitted for a terminal.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

/// `text` without what a terminal would obey instead of show: control characters and the marks that reorder or join
/// what stands beside them.
///
/// Without its joiners a compound emoji shows as its parts, and every terminal gives those the width computed here.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|char| replacement(char) == Some(char)) {
        return Cow::Borrowed(text);
    }
    text.chars().filter_map(replacement).collect()
}

/// What to show for a character.
fn replacement(char: char) -> Option<char> {
    match char {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ if char.is_control() => Some('\u{fffd}'),
        _ if is_invisible(char) => None,
        _ => Some(char),
    }
}

/// Whether a character shows nothing but changes how others are shown.
pub(super) fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{00ad}'
            | '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// `text`, cleaned and cut or padded to exactly `width` columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let text = clean(text);
    let mut fitted = String::with_capacity(width);
    let mut used = 0;
    // Where to cut, so that the ellipsis has room.
    let (mut cut, mut cut_used) = (0, 0);
    for char in text.chars() {
        let columns = char.width().unwrap_or(0);
        if used + columns > width {
            fitted.truncate(cut);
            used = cut_used;
            if width > 0 {
                fitted.push('…');
                used += 1;
            }
            break;
        }
        fitted.push(char);
        used += columns;
        if used < width {
            (cut, cut_used) = (fitted.len(), used);
        }
    }
    fitted.extend(std::iter::repeat_n(' ', width - used));
    fitted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(
            clean("\u{1b}[2Jhi\u{9b}31m\u{7}"),
            "\u{fffd}[2Jhi\u{fffd}31m\u{fffd}"
        );
        assert_eq!(clean("a\nb\tc"), "a b c");
        assert_eq!(clean("\u{202e}evil\u{202c} \u{200f}x"), "evil x");
        assert_eq!(clean("👩\u{200d}💻"), "👩💻");
        assert!(matches!(clean("Zoë שלום 東京 🎉"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_cut_shows_and_wide_characters_are_not_halved() {
        assert_eq!(fit("extension", 9), "extension");
        assert_eq!(fit("reception", 6), "recep…");
        assert_eq!(fit("101", 5), "101  ");
        assert_eq!(fit("東京都", 5), "東京…");
        assert_eq!(fit("東京都", 4), "東… ");
        assert_eq!(fit("x", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_fitted_has_its_width_and_no_controls(text: String, width in 0..40_usize) {
            let fitted = fit(&text, width);
            let columns: usize = fitted.chars().map(|char| char.width().unwrap_or(0)).sum();
            prop_assert_eq!(columns, width);
            prop_assert!(!fitted.chars().any(|char| char.is_control() || is_invisible(char)));
            prop_assert!(fitted.width() <= width);
        }
    }
}
