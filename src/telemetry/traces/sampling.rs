//! Which traces are kept: `OTEL_TRACES_SAMPLER`, by the names of OpenTelemetry.
//!
//! A caller whose trace is kept elsewhere does not decide that it is kept here: by the names that begin with `parentbased` a
//! trace is left out if its caller leaves it out, and else it is decided as one without a caller.

use opentelemetry::trace::TraceId;

/// Which traces are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The part of traces, from 0 to 1.
    ratio: f64,
    /// Whether what a caller leaves out is left out.
    heeds_caller: bool,
}

/// There is no such sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownSampling {
    /// No such sampler.
    #[error(
        "OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio, or one of these after parentbased_"
    )]
    Name,
    /// No part of traces.
    #[error("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1")]
    Argument,
}

impl Default for Sampling {
    /// All that callers do not leave out: OpenTelemetry's default.
    fn default() -> Self {
        Self {
            ratio: 1.0,
            heeds_caller: true,
        }
    }
}

impl Sampling {
    /// The sampling of this name, with this argument.
    ///
    /// # Errors
    ///
    /// [`UnknownSampling`].
    pub fn parse(name: Option<&str>, argument: Option<&str>) -> Result<Self, UnknownSampling> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok(Self::default());
        };
        let root = name.strip_prefix("parentbased_");
        let ratio = match root.unwrap_or(name) {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => {
                let ratio = argument
                    .unwrap_or("1")
                    .parse()
                    .map_err(|_| UnknownSampling::Argument)?;
                if !(0.0..=1.0).contains(&ratio) {
                    return Err(UnknownSampling::Argument);
                }
                ratio
            }
            _ => return Err(UnknownSampling::Name),
        };
        Ok(Self {
            ratio,
            heeds_caller: root.is_some(),
        })
    }

    /// Whether a trace without a caller is kept.
    pub(super) fn keeps_new(self) -> bool {
        // Never, if none is.
        rand::random::<f64>() < self.ratio
    }

    /// Whether the trace of a caller is kept, which is kept there or not. The part of traces that is kept is the same one
    /// wherever it is chosen by OpenTelemetry's rule: by the last bits of their ids.
    pub(super) fn keeps(self, trace: TraceId, is_kept_there: bool) -> bool {
        if self.heeds_caller && !is_kept_there {
            return false;
        }
        let bits = (u128::from_be_bytes(trace.to_bytes()) & u128::from(u64::MAX)) >> 1;
        #[allow(clippy::cast_precision_loss, reason = "a part of all")]
        let part = bits as f64 / (1_u64 << 63) as f64;
        self.ratio >= 1.0 || part < self.ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplings_have_the_names_of_opentelemetry() {
        let sampling = |ratio, heeds_caller| Ok(Sampling { ratio, heeds_caller });
        for (name, argument, expected) in [
            (None, None, sampling(1.0, true)),
            (Some(""), None, sampling(1.0, true)),
            (Some("always_on"), None, sampling(1.0, false)),
            (Some("always_off"), Some("x"), sampling(0.0, false)),
            (Some("traceidratio"), Some("0.25"), sampling(0.25, false)),
            (Some("traceidratio"), None, sampling(1.0, false)),
            (Some("parentbased_always_off"), None, sampling(0.0, true)),
            (
                Some("parentbased_traceidratio"),
                Some("0.01"),
                sampling(0.01, true),
            ),
            (
                Some("parentbased_traceidratio"),
                Some("2"),
                Err(UnknownSampling::Argument),
            ),
            (Some("traceidratio"), Some("NaN"), Err(UnknownSampling::Argument)),
            (Some("jaeger_remote"), None, Err(UnknownSampling::Name)),
        ] {
            assert_eq!(Sampling::parse(name, argument), expected, "{name:?} {argument:?}");
        }
    }

    #[test]
    fn a_part_of_traces_is_kept_and_no_caller_adds_to_it() {
        let half = |heeds_caller| Sampling {
            ratio: 0.5,
            heeds_caller,
        };
        let (low, high) = (TraceId::from(1_u128), TraceId::from(u128::from(u64::MAX)));
        for (sampling, trace, is_kept_there, keeps) in [
            (half(true), low, true, true),
            (half(true), high, true, false),
            (half(true), low, false, false),
            (half(false), low, false, true),
            (half(false), high, true, false),
        ] {
            assert_eq!(
                sampling.keeps(trace, is_kept_there),
                keeps,
                "{sampling:?} {trace}"
            );
        }
        let of = |ratio| Sampling {
            ratio,
            heeds_caller: true,
        };
        let kept = |ratio| (0..1_000).filter(|_| of(ratio).keeps_new()).count();
        assert_eq!((kept(0.0), kept(1.0)), (0, 1_000));
        assert!(of(1.0).keeps(high, true) && !of(0.0).keeps(low, true));
        assert!((300..700).contains(&kept(0.5)));
    }
}
