//! The elements of a list by their place in the text, for readers that know most of them already.

use std::marker::PhantomData;
use std::ops::Range;

use super::budget::Budget;
use super::error::{Category, Error};
use super::scan::{Bracket, Scanner};

/// The elements of a list of `T`, each as the range of the text it is written in.
///
/// The grammar of what is passed is checked; types are not. A reader that keeps what it has decoded can decode only the
/// elements whose text is new.
#[derive(Debug)]
pub struct Elements<'de, T> {
    scanner: Scanner<'de>,
    more: bool,
    /// What is left of it.
    budget: Budget,
    element: PhantomData<fn() -> T>,
}

impl<'de, T> Elements<'de, T> {
    /// The elements of the list that is the whole of `text`, of which there may be as many as `budget` allows in a list of
    /// `T`; nothing and `null` are an empty list.
    ///
    /// # Errors
    ///
    /// The text does not begin a list.
    pub fn within(text: &'de str, budget: Budget) -> Result<Self, Error> {
        let mut scanner = Scanner::new(text);
        let more = if scanner.at_nothing() || scanner.take_null() {
            false
        } else if scanner.peek() == Some(b'[') {
            scanner.open(Bracket::List)?
        } else {
            return Err(scanner.error(Category::Data, "expected a list"));
        };
        Ok(Self {
            scanner,
            more,
            budget,
            element: PhantomData,
        })
    }

    /// The next element, or `None` after the last.
    ///
    /// `guess` is an element that was checked before and is likely to come next: if it does, it is taken by comparing
    /// bytes.
    ///
    /// # Errors
    ///
    /// The grammar is broken here, text follows the list, or the budget does not suffice.
    pub fn next_element(&mut self, guess: Option<&str>) -> Result<Option<Range<usize>>, Error> {
        if !self.more {
            self.scanner.end()?;
            return Ok(None);
        }
        let start = self.scanner.offset();
        if !self.budget.spend::<T>(1) {
            return Err(Error::over_budget(start));
        }
        if !guess.is_some_and(|guess| self.scanner.take_element(guess)) {
            self.scanner.skip()?;
        }
        let element = start..self.scanner.offset();
        self.more = self.scanner.more(Bracket::List)?;
        Ok(Some(element))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'t>(text: &'t str, guesses: &[&str]) -> Result<Vec<&'t str>, Error> {
        let mut elements = Elements::<u64>::within(text, Budget::UNLIMITED)?;
        let mut guesses = guesses.iter();
        let mut found = Vec::new();
        while let Some(element) = elements.next_element(guesses.next().copied())? {
            found.push(&text[element]);
        }
        Ok(found)
    }

    #[test]
    fn elements_are_the_text_they_are_written_in() {
        let text = r#"[{a:1,b:"x,]"},{},[1,2],,bare:text]"#;
        let expected = vec![r#"{a:1,b:"x,]"}"#, "{}", "[1,2]", "", "bare:text"];
        assert_eq!(all(text, &[]).unwrap(), expected);
        assert_eq!(all(text, &expected).unwrap(), expected);
        assert_eq!(
            all(text, &["{a:1}", "{", "[1,2]", "x", "bare"]).unwrap(),
            expected
        );
        assert_eq!(all("[]", &[]).unwrap(), Vec::<&str>::new());
        assert_eq!(all("", &[]).unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn a_list_has_as_many_elements_as_the_budget_allows_guessed_or_not() {
        let count = |elements, bytes| {
            let budget = Budget { elements, bytes };
            let mut list = Elements::<u64>::within("[1,1,1]", budget)?;
            let mut found = 0;
            while list.next_element(Some("1"))?.is_some() {
                found += 1;
            }
            Ok::<_, Error>(found)
        };
        assert_eq!(count(3, 24).unwrap(), 3);
        for error in [count(2, 24), count(3, 23)] {
            let error = error.unwrap_err();
            assert_eq!((error.category(), error.offset()), (Category::Budget, 5));
        }
    }

    #[test]
    fn a_guess_does_not_hide_what_is_wrong() {
        for text in [
            "[{a:1}",
            "[{a:1}]x",
            "[{a:1}x]",
            "{a:1}",
            "[{a:1}{a:1}]",
            "[{a:1},{a}]",
        ] {
            assert!(all(text, &[]).is_err(), "{text}");
            assert!(all(text, &["{a:1}", "{a:1}"]).is_err(), "{text}");
        }
    }
}
