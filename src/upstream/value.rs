//! The values that a caller may send, each checked before anything is sent.
//!
//! A value of these types is one that its transport carries to the service unchanged. The rules, and what the
//! upstream's hosts do to the values that break them, are in `docs/errors.md`.

mod invalid;
mod segment;

pub use self::invalid::{Invalid, MAX_CHARS};
pub(crate) use self::segment::clash;
use super::Transport;

/// The id of a record: 1 to 2147483647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(i32);

impl Id {
    /// Checks the range.
    ///
    /// # Errors
    ///
    /// [`Invalid::Range`].
    pub fn parse(id: i64) -> Result<Self, Invalid> {
        parse_int(id, 1, i32::MAX).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

/// The id of a record, or 0 for none: 0 to 2147483647.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OptionalId(i32);

impl OptionalId {
    /// Checks the range.
    ///
    /// # Errors
    ///
    /// [`Invalid::Range`].
    pub fn parse(id: i64) -> Result<Self, Invalid> {
        parse_int(id, 0, i32::MAX).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

/// A number of the upstream's: any 32-bit integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Number(i32);

impl Number {
    /// Checks the range.
    ///
    /// # Errors
    ///
    /// [`Invalid::Range`].
    pub fn parse(number: i64) -> Result<Self, Invalid> {
        parse_int(number, i32::MIN, i32::MAX).map(Self)
    }
}

fn parse_int(value: i64, min: i32, max: i32) -> Result<i32, Invalid> {
    i32::try_from(value)
        .ok()
        .filter(|value| (min..=max).contains(value))
        .ok_or(Invalid::Range { min, max })
}

/// A text of 1 to [`MAX_CHARS`] characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(String);

impl Text {
    /// Checks that `transport` carries `text` to the service unchanged.
    ///
    /// # Errors
    ///
    /// Over `reply`, [`Invalid::Empty`] and [`Invalid::TooLong`]; over `routes` also what a host may take for another
    /// route.
    pub fn parse(text: &str, transport: Transport) -> Result<Self, Invalid> {
        check_length(text)?;
        match transport {
            Transport::Reply => {}
            Transport::Routes => segment::check(text)?,
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A list of product ids, as the upstream takes it: joined with commas. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProductIds(Text);

impl ProductIds {
    /// Checks each id and the joined list; no ids are `None`, the upstream's "all".
    ///
    /// # Errors
    ///
    /// Every violation, with the index of the id; without one if the list as a whole is too long.
    pub fn parse(
        ids: &[String],
        transport: Transport,
    ) -> Result<Option<Self>, Vec<(Option<usize>, Invalid)>> {
        if ids.is_empty() {
            return Ok(None);
        }
        let violations: Vec<_> = ids
            .iter()
            .enumerate()
            .filter_map(|(index, id)| Some((Some(index), parse_product_id(id, transport).err()?)))
            .collect();
        if !violations.is_empty() {
            return Err(violations);
        }
        match Text::parse(&ids.join(","), transport) {
            Ok(joined) => Ok(Some(Self(joined))),
            Err(invalid) => Err(vec![(None, invalid)]),
        }
    }
}

fn parse_product_id(id: &str, transport: Transport) -> Result<(), Invalid> {
    Text::parse(id, transport)?;
    if id.contains(',') {
        Err(Invalid::Comma)
    } else {
        Ok(())
    }
}

/// A value in the place of one that was refused, so that the rest of a request can still be read.
///
/// Whoever takes one must return an error: a request that holds one is never sent.
pub(crate) trait StandIn {
    /// Some value of the type.
    fn stand_in() -> Self;
}

/// Checks that `transport` can carry a licence beside any text.
pub(super) fn check_license(secret: &str, transport: Transport) -> Result<(), Invalid> {
    check_length(secret)?;
    match transport {
        Transport::Reply => Ok(()),
        Transport::Routes => segment::check_license(secret),
    }
}

fn check_length(text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        Err(Invalid::Empty)
    } else if text.chars().count() > MAX_CHARS {
        Err(Invalid::TooLong)
    } else {
        Ok(())
    }
}

impl StandIn for Id {
    fn stand_in() -> Self {
        Self(1)
    }
}

impl StandIn for OptionalId {
    fn stand_in() -> Self {
        Self::default()
    }
}

impl StandIn for Number {
    fn stand_in() -> Self {
        Self::default()
    }
}

impl StandIn for Text {
    fn stand_in() -> Self {
        Self("-".to_owned())
    }
}

/// A value as the text that a request carries.
pub(super) trait ToMember {
    /// The text, or `None` for a value that is not sent because it is the upstream's default.
    fn to_member(&self) -> Option<String>;
}

impl ToMember for Id {
    fn to_member(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl ToMember for OptionalId {
    /// 0 is sent: it leaves an extension without account, and the route has a segment for it.
    fn to_member(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl ToMember for Number {
    fn to_member(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl ToMember for Text {
    fn to_member(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

impl ToMember for ProductIds {
    fn to_member(&self) -> Option<String> {
        self.0.to_member()
    }
}

impl ToMember for bool {
    /// `True`, as v3 reads it; false is the default and not sent.
    fn to_member(&self) -> Option<String> {
        self.then(|| "True".to_owned())
    }
}

impl<T: ToMember> ToMember for Option<T> {
    fn to_member(&self) -> Option<String> {
        self.as_ref().and_then(T::to_member)
    }
}

#[cfg(test)]
mod tests;
