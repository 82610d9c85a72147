//! A [`Time`] as text: by position, because the writer's forms are of fixed width but for the fraction.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;

use super::{ParseTimeError, Time, Zone};

/// The largest offset from UTC that .NET knows, in minutes.
const MAX_OFFSET: i16 = 14 * 60;
/// The number of digits of a tick of 100 ns.
const FRACTION_DIGITS: usize = 7;

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        parse(text.as_bytes()).ok_or(ParseTimeError)
    }
}

fn parse(text: &[u8]) -> Option<Time> {
    let (date, rest) = text.split_at_checked(10)?;
    let year = i16::try_from(number(&date[..4])?).ok().filter(|year| *year > 0)?;
    let (month, day) = (two_digits(&date[5..7])?, two_digits(&date[8..])?);
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    if rest.is_empty() {
        let civil = DateTime::new(year, month, day, 0, 0, 0, 0).ok()?;
        return Some(Time {
            civil,
            zone: Zone::Unspecified,
        });
    }
    let (time, rest) = rest.split_at_checked(9)?;
    let (hour, minute, second) = (
        two_digits(&time[1..3])?,
        two_digits(&time[4..6])?,
        two_digits(&time[7..])?,
    );
    // Both separators are the culture's: a colon, or a full stop where version 3 runs under such a culture.
    if time[0] != b'T' || !matches!(time[3], b':' | b'.') || time[3] != time[6] {
        return None;
    }
    let (nanos, rest) = parse_fraction(rest)?;
    let civil = DateTime::new(year, month, day, hour, minute, second, nanos).ok()?;
    Some(Time {
        civil,
        zone: parse_zone(rest)?,
    })
}

/// Nanoseconds, and what follows the fraction.
fn parse_fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=FRACTION_DIGITS).contains(&length) {
        return None;
    }
    let (digits, rest) = digits.split_at(length);
    let scale = 10_i32.pow(u32::try_from(9 - length).ok()?);
    Some((number(digits)? * scale, rest))
}

fn parse_zone(text: &[u8]) -> Option<Zone> {
    let (sign, hours, minutes) = match text {
        [] => return Some(Zone::Unspecified),
        [b'Z'] => return Some(Zone::Offset(0)),
        [b'+', hours @ .., b':', m1, m2] => (1, hours, [*m1, *m2]),
        [b'-', hours @ .., b':', m1, m2] => (-1, hours, [*m1, *m2]),
        _ => return None,
    };
    if hours.len() != 2 {
        return None;
    }
    let (hours, minutes) = (two_digits(hours)?, two_digits(&minutes)?);
    let offset = i16::from(hours) * 60 + i16::from(minutes);
    (minutes < 60 && offset <= MAX_OFFSET).then_some(Zone::Offset(sign * offset))
}

fn two_digits(text: &[u8]) -> Option<i8> {
    i8::try_from(number(text)?).ok()
}

/// At most nine digits, so that it cannot overflow.
fn number(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

/// As the upstream writes it: a midnight is a bare date, whole seconds have no fraction, and the fraction of a UTC
/// time has no trailing zeros (as in every recording) while that of any other has seven digits.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { civil, zone } = self;
        write!(f, "{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day())?;
        if civil.time() == jiff::civil::Time::midnight() {
            return Ok(());
        }
        write!(
            f,
            "T{:02}:{:02}:{:02}",
            civil.hour(),
            civil.minute(),
            civil.second()
        )?;
        let ticks = civil.subsec_nanosecond() / super::NANOS_PER_TICK;
        if ticks != 0 {
            let digits = format!("{ticks:07}");
            let shown = if *zone == Zone::Offset(0) {
                digits.trim_end_matches('0')
            } else {
                &digits
            };
            write!(f, ".{shown}")?;
        }
        match *zone {
            Zone::Unspecified => Ok(()),
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_upstream_writes_comes_back() {
        for text in [
            "0001-01-01",
            "2026-11-23",
            "2026-11-23T14:03:07",
            "2026-11-23T14:03:07Z",
            "2026-11-23T14:03:07.5Z",
            "2026-11-23T14:05:00.1230000-05:00",
            "2026-11-23T14:05:00+13:45",
            "9999-12-31T23:59:59.9999999Z",
        ] {
            assert_eq!(
                text.parse::<Time>().map(|time| time.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn other_spellings_of_the_same_time_are_read() {
        for (other, text) in [
            ("2026-11-23T14.03.07.5Z", "2026-11-23T14:03:07.5Z"),
            ("2026-11-23T14:03:07.5000000Z", "2026-11-23T14:03:07.5Z"),
            ("2026-11-23T14:03:07+00:00", "2026-11-23T14:03:07Z"),
            ("2026-11-23T00:00:00", "2026-11-23"),
        ] {
            assert_eq!(other.parse::<Time>(), text.parse::<Time>(), "{other}");
        }
    }

    #[test]
    fn nothing_else_is_a_time() {
        for text in [
            "",
            "0",
            "1768048496000",
            "2026-1-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "2026-11-23T",
            "2026-11-23 14:03:07",
            "2026-11-23T24:00:00",
            "2026-11-23T23:60:00",
            "2026-11-23T23:59:60",
            "2026-11-23T14:03",
            "2026-11-23T14:03.07",
            "2026-11-23T14:03:07.Z",
            "2026-11-23T14:03:07.12345678Z",
            "2026-11-23T14:03:07z",
            "2026-11-23T14:03:07+5:00",
            "2026-11-23T14:03:07+14:01",
            "2026-11-23T14:03:07+01:60",
            "2026-11-23T14:03:07+0100",
            "2026-11-23Z",
            " 2026-11-23",
            "2026-11-23 ",
            "-026-11-23",
            "2026-11-23T14:03:07ZZ",
            "२०२६-११-२३",
            "2026-11-2é",
        ] {
            assert_eq!(text.parse::<Time>(), Err(ParseTimeError), "{text}");
        }
    }
}
