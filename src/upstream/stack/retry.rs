//! Tries again what failed for the moment: reads, a few times, while not too much fails.
//!
//! ```text
//!   attempt ──▶ failed ─┬─ not for the moment, or what was sent may have changed something ─▶ as it is
//!                       ├─ the last attempt ───────────────────────────────────────────────▶ attempts exhausted
//!                       ├─ the wait leaves no time before the deadline ────────────────────▶ as it is
//!                       ├─ the budget is spent ────────────────────────────────────────────▶ retry budget spent
//!                       └─ a wait, drawn anew for each ─▶ attempt
//! ```
//!
//! Polls and looks are not tried again: the next one is the retry. A change is, only if not one byte of it can have been written.

mod budget;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use opentelemetry::metrics::Meter;
use tokio::time::{Instant, Sleep, sleep};
use tower::retry::RetryLayer;
use tracing::debug;

use self::budget::Budget;
use super::metrics::Metrics;
use crate::telemetry::names::metric;
use crate::upstream::{Effect, Error, Exchange, Kind, Lane};

/// With less time left after the wait no attempt is made.
const LEAST: Duration = Duration::from_millis(5);

/// Settings of retries.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// How many attempts a call has: 1 = it is never tried again.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each that follows. What is waited is drawn from it.
    pub backoff: Duration,
    /// The longest wait before any attempt, if the upstream does not ask for more.
    pub max_backoff: Duration,
    /// How many attempts of a second may be made again, as a part of its calls.
    pub budget: f64,
    /// How many attempts of a second may be made again, if the part of its calls is less.
    pub floor: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            budget: 0.2,
            floor: 10,
        }
    }
}

/// Which exchanges are tried again, when, and how often. Clones share the budget.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    params: Params,
    budget: Arc<Budget>,
    metrics: Arc<Metrics>,
}

/// What may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// Whatever failed for the moment.
    Read,
    /// Only what cannot have been sent.
    Unsent,
}

/// Tries exchanges again by these settings; all that the layer is put around share one budget, which `meter` shows.
pub(super) fn layer(params: Params, metrics: Arc<Metrics>, meter: &Meter) -> RetryLayer<Policy> {
    let budget = Arc::new(Budget::new(params.budget, params.floor));
    let shown = budget.clone();
    meter
        .f64_observable_gauge(metric::RETRY_BUDGET)
        .with_description("The part of the retry budget that is left: 1 if none of it is spent.")
        .with_callback(move |gauge| gauge.observe(shown.left(), &[]))
        .build();
    RetryLayer::new(Policy {
        params,
        budget,
        metrics,
    })
}

// === impl Policy ===

impl Policy {
    /// How long to wait before `exchange` is sent again after this error; if it is not, with the error that is told.
    fn again(&self, exchange: &Exchange, error: Error) -> Result<Duration, Error> {
        let Some(wait) = self.wait(exchange, &error) else {
            return Err(error);
        };
        let attempts = exchange.resend_count + 1;
        if attempts >= self.params.attempts {
            let last = Box::new(error);
            return Err(Error::AttemptsExhausted { attempts, last });
        }
        let left = exchange.deadline.left(Instant::now());
        if left.is_some_and(|left| left < wait + LEAST) {
            return Err(error);
        }
        if !self.budget.withdraw() {
            return Err(Error::RetryBudgetSpent(Box::new(error)));
        }
        let error_type = error.kind().error_type();
        self.metrics.retried(error_type);
        debug!(
            operation = exchange.operation,
            resend_count = attempts,
            error.r#type = error_type,
            wait_ms = wait.as_millis(),
            "an attempt failed and is made again"
        );
        Ok(wait)
    }

    /// The wait after such an error, if it is one of the moment.
    fn wait(&self, exchange: &Exchange, error: &Error) -> Option<Duration> {
        let asked = error.retry_after();
        let is_momentary = match (Again::of(exchange)?, is_momentary(error.kind())) {
            (_, Momentary::Unsent) | (Again::Read, Momentary::Yes) => true,
            // Only it knows when it takes calls again.
            (Again::Read, Momentary::IfItSaysWhen) => asked.is_some(),
            (_, Momentary::No) | (Again::Unsent, _) => false,
        };
        is_momentary.then(|| asked.unwrap_or_default() + self.jittered(exchange.resend_count))
    }

    /// A wait before the attempt after so many others, drawn from all that are not too long. Drawn anew for each: calls
    /// that fail together must not come back together.
    fn jittered(&self, resend_count: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(resend_count);
        let longest = self.params.backoff.saturating_mul(doubled);
        longest.min(self.params.max_backoff).mul_f64(rand::random())
    }
}

impl tower::retry::Policy<Exchange, Response<Bytes>, Error> for Policy {
    type Future = Sleep;

    fn retry(
        &mut self,
        exchange: &mut Exchange,
        result: &mut Result<Response<Bytes>, Error>,
    ) -> Option<Sleep> {
        if exchange.resend_count == 0 {
            self.budget.deposit();
        }
        // An error that is told differently has to be taken out; what stands there meanwhile nobody sees.
        let error =
            std::mem::replace(result, Err(Error::Expired)).map_err(|error| self.again(exchange, error));
        match error {
            Err(Ok(wait)) => {
                exchange.resend_count += 1;
                Some(sleep(wait))
            }
            Err(Err(told)) => {
                *result = Err(told);
                None
            }
            Ok(answer) => {
                *result = Ok(answer);
                None
            }
        }
    }

    fn clone_request(&mut self, exchange: &Exchange) -> Option<Exchange> {
        let may_fail_again = self.params.attempts > exchange.resend_count;
        (self.params.attempts > 1 && may_fail_again && Again::of(exchange).is_some())
            .then(|| exchange.clone())
    }
}

// === impl Again ===

impl Again {
    fn of(exchange: &Exchange) -> Option<Self> {
        match (exchange.lane, exchange.effect) {
            (Lane::Call | Lane::Change, Effect::Read) => Some(Self::Read),
            (Lane::Call | Lane::Change, Effect::Add | Effect::Change) => Some(Self::Unsent),
            (Lane::Look | Lane::Poll | Lane::Probe, _) => None,
        }
    }
}

/// Whether a failure passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Momentary {
    /// It may, and not one byte was written.
    Unsent,
    /// It may.
    Yes,
    /// It may, when the upstream says so.
    IfItSaysWhen,
    /// It is the same the next time, or nothing may be sent now.
    No,
}

fn is_momentary(kind: Kind) -> Momentary {
    match kind {
        Kind::Unreachable => Momentary::Unsent,
        Kind::Interrupted | Kind::Unavailable | Kind::Elapsed => Momentary::Yes,
        Kind::RateLimited => Momentary::IfItSaysWhen,
        Kind::Unroutable
        | Kind::NotHttp
        | Kind::Expired
        | Kind::DeadlinePassed
        | Kind::BreakerOpen
        | Kind::AttemptsExhausted
        | Kind::RetryBudgetSpent
        | Kind::ShuttingDown
        | Kind::Refused
        | Kind::LicenseRejected
        | Kind::NotFound
        | Kind::NoOperation
        | Kind::AlreadyExists
        | Kind::Conflict
        | Kind::Failed
        | Kind::UnexpectedStatus
        | Kind::Empty
        | Kind::NotCsv
        | Kind::Undecodable
        | Kind::ColumnMissing
        | Kind::WrongCustomer
        | Kind::WrongRecord
        | Kind::TooLarge
        | Kind::NoRoom
        | Kind::OutcomeUnknown => Momentary::No,
    }
}

#[cfg(test)]
mod tests;
