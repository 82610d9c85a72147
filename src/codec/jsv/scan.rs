//! The scanner: it knows the grammar and nothing of serde.
//!
//! Every method leaves the position after what it took, or fails at the byte that is wrong. The writer puts no blanks
//! between tokens, so none are skipped: a blank belongs to the text it stands in.

use std::borrow::Cow;

use memchr::memchr;

use super::error::{Category, Error};

/// How deeply objects and lists may be nested: newer writers stop at 50 levels themselves.
pub const MAX_DEPTH: u8 = 64;

/// What a byte means inside a text without quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    /// Ends the text.
    End,
    /// The writer quotes a text that has it, so here it is an error.
    Quoted,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Text; 256];
    classes[b',' as usize] = Class::End;
    classes[b'}' as usize] = Class::End;
    classes[b']' as usize] = Class::End;
    classes[b'"' as usize] = Class::Quoted;
    classes[b'{' as usize] = Class::Quoted;
    classes[b'[' as usize] = Class::Quoted;
    classes[b'\r' as usize] = Class::Quoted;
    classes[b'\n' as usize] = Class::Quoted;
    classes
};

/// The opening and the closing bracket of an object or a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bracket {
    Object,
    List,
}

#[derive(Debug)]
pub(super) struct Scanner<'de> {
    text: &'de str,
    position: usize,
    depth: u8,
}

impl Bracket {
    pub(super) fn open(self) -> u8 {
        match self {
            Self::Object => b'{',
            Self::List => b'[',
        }
    }

    fn close(self) -> u8 {
        match self {
            Self::Object => b'}',
            Self::List => b']',
        }
    }
}

impl<'de> Scanner<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self {
            text,
            position: 0,
            depth: 0,
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.position
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Whether the value here is a text of no characters and no quotes.
    pub(super) fn at_nothing(&self) -> bool {
        self.peek()
            .is_none_or(|byte| CLASSES[usize::from(byte)] == Class::End)
    }

    /// Takes the bare word `null`, if it is the whole value.
    pub(super) fn take_null(&mut self) -> bool {
        let start = self.position;
        if self.rest().starts_with(b"null") {
            self.position += 4;
            if self.at_nothing() {
                return true;
            }
            self.position = start;
        }
        false
    }

    /// Takes `name` and its colon, if that is what comes next.
    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(name.len()) == Some(&b':') && rest.starts_with(name.as_bytes());
        if found {
            self.position += name.len() + 1;
        }
        found
    }

    /// Takes `element`, if that is what comes next and a comma or bracket follows.
    pub(super) fn take_element(&mut self, element: &str) -> bool {
        let rest = self.rest();
        let found =
            rest.starts_with(element.as_bytes()) && matches!(rest.get(element.len()), Some(b',' | b']'));
        if found {
            self.position += element.len();
        }
        found
    }

    /// Takes the opening bracket at the position; false if the closing one follows at once.
    pub(super) fn open(&mut self, bracket: Bracket) -> Result<bool, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(Category::Depth, "values are nested too deeply"));
        }
        self.position += 1;
        if self.peek() == Some(bracket.close()) {
            self.position += 1;
            return Ok(false);
        }
        self.depth += 1;
        Ok(true)
    }

    /// Takes the comma or the closing bracket after a value; true if another value follows.
    pub(super) fn more(&mut self, bracket: Bracket) -> Result<bool, Error> {
        match self.peek() {
            Some(b',') => {
                self.position += 1;
                Ok(true)
            }
            Some(byte) if byte == bracket.close() => {
                self.position += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(_) => Err(self.error(Category::Syntax, "expected a comma or the closing bracket")),
            None => Err(self.error(Category::Truncated, "the closing bracket is missing")),
        }
    }

    /// The name of a member, with its quotes taken off; takes its colon too.
    pub(super) fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        let key = if self.peek() == Some(b'"') {
            self.quoted()?
        } else {
            self.bare_key()?
        };
        match self.peek() {
            Some(b':') => self.position += 1,
            Some(_) => {
                return Err(self.error(Category::Syntax, "expected a colon after the name of a member"));
            }
            None => return Err(self.error(Category::Truncated, "the object ends in the name of a member")),
        }
        Ok(key)
    }

    fn bare_key(&mut self) -> Result<Cow<'de, str>, Error> {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|&byte| byte == b':' || CLASSES[usize::from(byte)] != Class::Text)
            .unwrap_or(rest.len());
        if length == 0 && !rest.is_empty() {
            return Err(self.error(Category::Syntax, "expected the name of a member"));
        }
        let start = self.position;
        self.position += length;
        Ok(Cow::Borrowed(&self.text[start..self.position]))
    }

    /// The text at the position, with its quotes taken off.
    pub(super) fn text(&mut self) -> Result<Cow<'de, str>, Error> {
        if self.peek() == Some(b'"') {
            self.quoted()
        } else {
            self.bare().map(Cow::Borrowed)
        }
    }

    /// The text without quotes at the position: up to the comma or bracket of the level around it.
    ///
    /// A colon is part of it: times have them.
    pub(super) fn bare(&mut self) -> Result<&'de str, Error> {
        let start = self.position;
        let rest = self.rest();
        let end = rest
            .iter()
            .position(|&byte| CLASSES[usize::from(byte)] != Class::Text);
        self.position += end.unwrap_or(rest.len());
        if !self.at_nothing() {
            return Err(self.error(Category::Syntax, "a character that needs quotes around its text"));
        }
        Ok(&self.text[start..self.position])
    }

    fn quoted(&mut self) -> Result<Cow<'de, str>, Error> {
        self.position += 1;
        let first = self.until_quote()?;
        if self.peek() != Some(b'"') {
            return Ok(Cow::Borrowed(first));
        }
        let mut text = String::from(first);
        while self.peek() == Some(b'"') {
            text.push('"');
            self.position += 1;
            text.push_str(self.until_quote()?);
        }
        Ok(Cow::Owned(text))
    }

    /// Takes the text up to the next quote, and the quote.
    fn until_quote(&mut self) -> Result<&'de str, Error> {
        let start = self.position;
        let Some(length) = memchr(b'"', self.rest()) else {
            self.position = self.text.len();
            return Err(self.error(Category::Truncated, "the closing quote is missing"));
        };
        self.position += length + 1;
        Ok(&self.text[start..start + length])
    }

    /// Takes the value at the position, whatever it is, and checks its grammar.
    ///
    /// Recurses no deeper than [`MAX_DEPTH`].
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'{') => {
                let mut more = self.open(Bracket::Object)?;
                while more {
                    self.key()?;
                    self.skip()?;
                    more = self.more(Bracket::Object)?;
                }
            }
            Some(b'[') => {
                let mut more = self.open(Bracket::List)?;
                while more {
                    self.skip()?;
                    more = self.more(Bracket::List)?;
                }
            }
            _ => drop(self.text()?),
        }
        Ok(())
    }

    /// Checks that nothing follows.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.peek() {
            Some(_) => Err(self.error(Category::Trailing, "text after the end of the value")),
            None => Ok(()),
        }
    }

    pub(super) fn error(&self, category: Category, message: &'static str) -> Error {
        Error::new(category, self.position, message)
    }

    fn rest(&self) -> &'de [u8] {
        &self.text.as_bytes()[self.position..]
    }
}
