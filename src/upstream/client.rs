//! The client: one door for RPCs, polls and the probe. It writes a request, sends it through the stack, reads the answer.
//!
//! ```text
//!   call   asks for an operation, gives its part of the decoded answer
//!   poll   asks for live calls, gives the body as it came
//!   probe  asks for the published page, tells whether it came
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use opentelemetry::metrics::Meter;
use tokio::time::{Instant, timeout_at};
use tower::{Service, ServiceExt as _};

use super::exchange::Expects;
use super::http::{BuildError, Http, Params as HttpParams};
use super::operation::ListActiveCalls;
use super::page::{self, Absent};
use super::reading::Reading;
use super::stack::{self, Stack};
use super::unusable::Unusable;
use super::{
    BaseUrl, Context, Deadline, Effect, Error, Exchange, Lane, Operation, Received, Transport, answer,
    customer, request,
};
use crate::telemetry::{AskingTime, metrics};

/// Settings of the client.
#[derive(Clone, Debug)]
pub struct Params {
    /// Limit for one attempt, from its start to the last byte of the body.
    pub timeout: Duration,
    /// What is done about calls that fail, and how many there are at one time.
    pub stack: stack::Params,
    /// The connections.
    pub http: HttpParams,
    /// What the client's metrics are made of.
    pub meter: Meter,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            stack: stack::Params::default(),
            http: HttpParams::default(),
            meter: metrics::nowhere(),
        }
    }
}

/// A client of one upstream. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    stack: Stack,
    reading: Reading,
    unusable: Unusable,
    base: BaseUrl,
    transport: Transport,
    timeout: Duration,
}

impl Client {
    /// Makes a client of the upstream at `base`; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the CA file is unusable or TLS cannot be set up.
    pub fn new(base: BaseUrl, transport: Transport, params: &Params) -> Result<Self, BuildError> {
        let http = Http::new(&params.http)?;
        Ok(Self::over(http, base, transport, params))
    }

    /// Makes a client that sends through `http` and not through connections of its own. The stack is the same.
    #[must_use]
    pub fn over<S>(http: S, base: BaseUrl, transport: Transport, params: &Params) -> Self
    where
        S: Service<Exchange, Response = Response<Bytes>, Error = Error> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let Params {
            timeout,
            ref stack,
            ref meter,
            http: _,
        } = *params;
        Self {
            stack: stack::over(http, stack, meter),
            reading: Reading::default(),
            unusable: Unusable::new(meter),
            base,
            transport,
            timeout,
        }
    }

    /// How operations are carried, which decides what texts they can hold.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Asks the upstream for `operation` on the terms of `context`.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; for a change that may have happened, [`Error::OutcomeUnknown`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the exchange: a change may then happen or not.
    pub async fn call<O>(&self, context: &Context, operation: &O) -> Result<O::Answer, Error>
    where
        O: Operation + Clone,
    {
        self.call_for(context, operation.clone(), |answer| answer).await
    }

    /// As [`Client::call`], and has `convert` make something else of the answer, where a large one is in nobody's way.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    ///
    /// # Cancellation
    ///
    /// As [`Client::call`].
    pub async fn call_for<O, T, F>(&self, context: &Context, operation: O, convert: F) -> Result<T, Error>
    where
        O: Operation,
        T: Send + 'static,
        F: FnOnce(O::Answer) -> T + Send + 'static,
    {
        let answer = match self.ask(context, &operation).await {
            Ok(received) => {
                let read = move |body| read(&operation, body).map(convert);
                self.read_by(context.deadline, received, read).await
            }
            Err(error) => Err(error),
        };
        answer.map_err(|error| O::EFFECT.told(error))
    }

    /// What `read` makes of what was received, unless it has to wait for longer than its caller does.
    async fn read_by<T, F>(&self, deadline: Option<Instant>, received: Received, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Bytes) -> Result<T, Error> + Send + 'static,
    {
        let reading = self.read(received, read);
        let Some(deadline) = deadline else {
            return reading.await;
        };
        let within = deadline.saturating_duration_since(Instant::now());
        let read = timeout_at(deadline, reading).await;
        read.unwrap_or(Err(Error::DeadlinePassed { within }))
    }

    /// What `read` makes of the body of an answer: at once, or if it is large, away from the threads that do IO when it is
    /// its turn. If it finds that the answer is another's, the connections are given up ([`Received::read`]).
    ///
    /// # Errors
    ///
    /// Those of `read`.
    ///
    /// # Cancellation
    ///
    /// Safe: a body that is being read is read to its end, for nobody.
    pub async fn read<T, F>(&self, received: Received, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Bytes) -> Result<T, Error> + Send + 'static,
    {
        let bytes = received.bytes();
        let read = self.reading.run(bytes, move || received.read(read)).await;
        read.inspect_err(|error| self.unusable.count(error))
    }

    /// Polls for live calls and gives the body of the answer as it is, for a reader that knows most of it already, and who
    /// checks whose it is ([`customer`]). A poll is sent once: the next poll is the retry.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], except those that only decoding can find.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the exchange.
    pub async fn poll(&self, context: &Context, query: &ListActiveCalls) -> Result<Received, Error> {
        self.ask(context, query).await
    }

    async fn ask<O: Operation>(&self, context: &Context, operation: &O) -> Result<Received, Error> {
        let (request, template) = request::write(self.transport, operation, &self.base, &context.license)?;
        let exchange = Exchange {
            request,
            operation: O::NAME,
            template,
            effect: O::EFFECT,
            lane: context.lane,
            customer: Some(operation.i_customer()),
            expects: Expects::Csv,
            license: Some(context.license.clone()),
            time_limit: self.timeout,
            deadline: context.deadline.into(),
            trace: context.trace.clone(),
            asking: context.asking.clone(),
            resend_count: 0,
        };
        let answer = self.exchange(exchange).await;
        answer
            .inspect_err(|error| self.unusable.count(error))
            .map(Received::of)
    }

    /// Asks for the published page of the service.
    ///
    /// # Errors
    ///
    /// [`Absent`] if it does not come, be it that nothing answers or something else.
    pub async fn probe(&self, time_limit: Duration) -> Result<(), Absent> {
        let exchange = Exchange {
            request: request::probe(&self.base),
            operation: "Probe",
            template: request::PROBE,
            effect: Effect::Read,
            lane: Lane::Probe,
            customer: None,
            expects: Expects::Page,
            license: None,
            time_limit,
            deadline: Deadline::default(),
            trace: None,
            asking: AskingTime::default(),
            resend_count: 0,
        };
        page::check(&self.exchange(exchange).await?)
    }

    async fn exchange(&self, exchange: Exchange) -> Result<Response<Bytes>, Error> {
        self.stack.clone().oneshot(exchange).await
    }
}

/// Reads the body of the answer to `operation`, whose rows must be the customer's own, and takes its part out.
fn read<O: Operation>(operation: &O, body: Bytes) -> Result<O::Answer, Error> {
    let answer = answer::decode(&body, O::COLUMNS)?;
    // Before more is made of what was in it.
    drop(body);
    customer::check(operation.i_customer(), &answer)?;
    operation.parse(answer)
}
