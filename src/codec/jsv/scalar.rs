//! Numbers and flags as .NET writes them in its invariant culture.

use std::fmt::Write as _;

/// An integer: digits, with `-` before them if negative. A `+`, which Rust would take, is refused.
pub(super) fn parse_integer(text: &str) -> Option<i32> {
    if text.starts_with('+') {
        None
    } else {
        text.parse().ok()
    }
}

/// `True` or `False`, in any case.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("True") {
        Some(true)
    } else if text.eq_ignore_ascii_case("False") {
        Some(false)
    } else {
        None
    }
}

/// A number with a fraction or an exponent, or one of the three names of .NET.
///
/// Rust's own parser takes more (`inf`, `nan`, `.5`, `+1`) and rounds what is too large to infinity.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if is_decimal(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

/// Whether `text` is `-? digits ("." digits)? ([eE] [+-]? digits)?`.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How many digits .NET writes before it changes to an exponent.
const PRECISION: usize = 15;

/// Appends the shortest text that reads back as `value`, in the form .NET Core 3 and later give it.
///
/// `1` and not `1.0`; `1E+20` and `1E-05`, with at least two digits of exponent, when the decimal point would lie
/// beyond the digits or when `0.` and four zeros or more would stand before them.
pub(super) fn write_float(out: &mut String, value: f64) {
    if !value.is_finite() {
        out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        return;
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    out.push_str(sign);
    let limit = i32::try_from(digits.len().max(PRECISION)).unwrap_or(i32::MAX);
    if exponent >= limit || exponent < -4 {
        let sign = if exponent < 0 { '-' } else { '+' };
        let written = write!(out, "{mantissa}E{sign}{:02}", exponent.unsigned_abs());
        debug_assert!(written.is_ok(), "a String takes every write");
    } else {
        write_plain(out, &digits, exponent);
    }
}

/// Appends `digits` with the decimal point after the first digit moved by `exponent`.
fn write_plain(out: &mut String, digits: &str, exponent: i32) {
    match usize::try_from(exponent) {
        Ok(exponent) if exponent + 1 >= digits.len() => {
            out.push_str(digits);
            out.extend(std::iter::repeat_n('0', exponent + 1 - digits.len()));
        }
        Ok(exponent) => {
            let (whole, fraction) = digits.split_at(exponent + 1);
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
        Err(_) => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
            out.push_str(digits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: f64) -> String {
        let mut out = String::new();
        write_float(&mut out, value);
        out
    }

    #[test]
    fn floats_are_written_as_dotnet_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.00001, "1E-05"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568E+17"),
            (5e-324, "5E-324"),
            (f64::MIN, "-1.7976931348623157E+308"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn floats_are_read_only_as_dotnet_writes_them() {
        assert_eq!(parse_float("-1.5E-05"), Some(-0.000_015));
        for text in [
            "",
            "+1",
            ".5",
            "5.",
            "1_0",
            "1e",
            "inf",
            "nan",
            "infinity",
            "+Infinity",
            "1E+400",
            " 1",
            "0x1",
        ] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }
}
