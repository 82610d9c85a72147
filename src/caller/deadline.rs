//! The caller's deadline, as gRPC tells it: `grpc-timeout`, up to eight digits and a unit.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

/// The gateway's deadline is this much earlier, or a tenth of a shorter time: what it has to say of the end is to reach the
/// caller before the clocks of the caller and of the HTTP stack, which say nothing, end the call.
const MARGIN: Duration = Duration::from_millis(20);

/// When the caller gives up: if they do not say, after `default`. A value that is not a timeout is ignored, as tonic does.
pub(super) fn read(headers: &HeaderMap, default: Option<Duration>) -> Option<Instant> {
    let left = timeout(headers).map(|timeout| timeout.saturating_sub(MARGIN.min(timeout / 10)));
    Instant::now().checked_add(left.or(default)?)
}

fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout_of(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        timeout(&headers)
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_leaves_time_to_tell_of_it() {
        for (text, after) in [("2S", 1980), ("100m", 90), ("10m", 9)] {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            let left = read(&headers, Some(Duration::from_secs(10))).unwrap() - Instant::now();
            assert_eq!(left, Duration::from_millis(after), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_how_long_has_the_default() {
        let mut headers = HeaderMap::new();
        let default = Duration::from_secs(10);
        assert_eq!(read(&headers, None), None);
        assert_eq!(read(&headers, Some(default)), Some(Instant::now() + default));
        headers.insert("grpc-timeout", "soon".parse().unwrap());
        assert_eq!(read(&headers, Some(default)), Some(Instant::now() + default));
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(timeout_of("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(timeout_of("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(timeout_of("250m"), Some(Duration::from_millis(250)));
        for odd in ["", "S", "1", "1s", "+1S", "123456789S", "1.5S", "S1"] {
            assert_eq!(timeout_of(odd), None, "{odd}");
        }
    }
}
