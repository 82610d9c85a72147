//! Which traces are kept: `OTEL_TRACES_SAMPLER`, by the names of OpenTelemetry.
//!
//! A caller whose trace is kept elsewhere does not decide that it is kept here: by the names that begin with `parentbased` a
//! trace is left out if its caller leaves it out, and else it is decided as one without a caller.

use opentelemetry_sdk::trace::{Sampler, TracerProviderBuilder};

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

    /// The provider with this sampling.
    pub(super) fn of(self, provider: TracerProviderBuilder) -> TracerProviderBuilder {
        let root = || {
            if self.ratio >= 1.0 {
                Sampler::AlwaysOn
            } else {
                Sampler::TraceIdRatioBased(self.ratio)
            }
        };
        let by_parent = Sampler::parent_based(root()).with_remote_parent_sampled(root());
        if self.heeds_caller {
            provider.with_sampler(by_parent)
        } else {
            provider.with_sampler(by_parent.with_remote_parent_not_sampled(root()))
        }
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
}
