//! Leaves an upstream alone that fails, and tries one call from time to time.
//!
//! One breaker for each licence. It is below the retries, so that each attempt counts and none is made while it is open,
//! and above the limit, so that nobody waits for a place to be refused. What counts is a verdict on each
//! exchange (ADR 15).

mod params;
mod state;
mod verdict;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::{info, warn};

pub use self::params::Params;
use self::state::{Breaker, Open, Ticket, Turned};
use self::verdict::Verdict;
use crate::upstream::{Error, Exchange, Lane, License};

/// Makes [`Guard`].
#[derive(Clone, Debug)]
pub(super) struct BreakerLayer {
    breakers: Arc<Breakers>,
}

/// Lets exchanges through to `inner` while the breaker of their licence lets it. Clones share the breakers.
#[derive(Clone, Debug)]
pub(super) struct Guard<S> {
    inner: S,
    breakers: Arc<Breakers>,
}

/// The breakers by licence.
struct Breakers {
    params: Params,
    // Held for some tens of nanoseconds, and never while anything else is.
    by_license: Mutex<HashMap<License, Breaker>>,
}

pin_project! {
    /// The future of [`Guard`].
    #[project = ResponseProj]
    #[derive(Debug)]
    pub(super) enum ResponseFuture<F> {
        /// It was let through; `None` if no breaker had a say.
        Sent {
            #[pin]
            inner: F,
            admitted: Option<Admitted>,
        },
        /// Not yet told that it was not.
        Refused { open: Open },
    }
}

/// An exchange that was let through. Dropping it before it has ended gives it up.
#[derive(Debug)]
struct Admitted {
    breakers: Arc<Breakers>,
    license: License,
    lane: Lane,
    ticket: Ticket,
    since: Instant,
    has_ended: bool,
}

// === impl BreakerLayer ===

impl BreakerLayer {
    pub(super) fn new(params: Params) -> Self {
        Self {
            breakers: Arc::new(Breakers {
                params,
                by_license: Mutex::default(),
            }),
        }
    }
}

impl<S> Layer<S> for BreakerLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        let breakers = self.breakers.clone();
        Guard { inner, breakers }
    }
}

// === impl Guard ===

impl<S: Service<Exchange, Error = Error>> Service<Exchange> for Guard<S> {
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, exchange: Exchange) -> Self::Future {
        // The probe has no licence: it asks whether the upstream is there, whatever became of calls.
        let license = exchange
            .license
            .clone()
            .filter(|_| self.breakers.params.failures > 0);
        let admitted = match license.map(|license| self.breakers.admit(license, exchange.lane)) {
            None => None,
            Some(Ok(admitted)) => Some(admitted),
            Some(Err(open)) => return ResponseFuture::Refused { open },
        };
        let inner = self.inner.call(exchange);
        ResponseFuture::Sent { inner, admitted }
    }
}

// === impl Breakers ===

impl Breakers {
    /// Lets an exchange through, or says when one will be.
    fn admit(self: &Arc<Self>, license: License, lane: Lane) -> Result<Admitted, Open> {
        let since = Instant::now();
        let ticket = self.with(&license, |breaker| breaker.admit(since))?;
        Ok(Admitted {
            breakers: self.clone(),
            license,
            lane,
            ticket,
            since,
            has_ended: false,
        })
    }

    fn with<T>(&self, license: &License, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.by_license.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get_mut(license) {
            return act(breaker);
        }
        let breaker = breakers.entry(license.clone());
        act(breaker.or_insert_with(|| Breaker::new(self.params)))
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

// === impl ResponseFuture ===

impl<F, T> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ResponseProj::Sent { inner, admitted } => {
                let answer = ready!(inner.poll(cx));
                if let Some(admitted) = admitted.take() {
                    admitted.end(answer.as_ref().err());
                }
                Poll::Ready(answer)
            }
            ResponseProj::Refused { open } => {
                let Open { retry_after, why } = *open;
                Poll::Ready(Err(Error::BreakerOpen { retry_after, why }))
            }
        }
    }
}

// === impl Admitted ===

impl Admitted {
    /// It has ended: well, or with this error.
    fn end(mut self, error: Option<&Error>) {
        self.has_ended = true;
        let patience = self.breakers.params.patience;
        self.tell(error.map_or(Verdict::Serves, |error| Verdict::of(error, self.lane, patience)));
    }

    fn tell(&self, verdict: Verdict) {
        // A pause is as long as is drawn when it begins: gateways that fail together must not come back together.
        let jitter = rand::random_range(0.8..1.2);
        let now = Instant::now();
        let turned = self.breakers.with(&self.license, |breaker| {
            breaker.end(self.ticket, verdict, jitter, now)
        });
        let license = self.license.name();
        match turned {
            None => {}
            Some(Turned::Open { pause, why }) => {
                let (why, pause_ms) = (why.error_type(), pause.as_millis());
                warn!(
                    license,
                    error.r#type = why,
                    pause_ms,
                    "the breaker opened: the upstream is left alone"
                );
            }
            Some(Turned::OpenAgain { pause, why }) => {
                let (why, pause_ms) = (why.error_type(), pause.as_millis());
                info!(
                    license,
                    error.r#type = why,
                    pause_ms,
                    "the breaker stays open: the upstream still fails"
                );
            }
            Some(Turned::Closed) => info!(license, "the breaker closed: the upstream serves again"),
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.has_ended {
            let patience = self.breakers.params.patience;
            self.tell(Verdict::of_waiting(self.since.elapsed(), self.lane, patience));
        }
    }
}

#[cfg(test)]
mod tests;
