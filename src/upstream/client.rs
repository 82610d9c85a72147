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
use tower::{Service, ServiceExt as _};

use super::exchange::Expects;
use super::http::{BuildError, Http, Params as HttpParams};
use super::operation::ListActiveCalls;
use super::page::{self, Absent};
use super::stack::{self, Stack};
use super::{BaseUrl, Context, Effect, Error, Exchange, Operation, Transport, answer, request};

/// Settings of the client.
#[derive(Clone, Debug)]
pub struct Params {
    /// Limit for a whole exchange, from the start to the last byte of the body.
    pub timeout: Duration,
    /// The connections.
    pub http: HttpParams,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            http: HttpParams::default(),
        }
    }
}

/// A client of one upstream. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    stack: Stack,
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
        let Params { timeout, http: _ } = *params;
        Self {
            stack: stack::over(http),
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
    pub async fn call<O: Operation>(&self, context: &Context, operation: &O) -> Result<O::Answer, Error> {
        let answer = self
            .ask(context, operation)
            .await
            .and_then(|body| answer::decode(&body, O::COLUMNS))
            .and_then(|answer| operation.parse(answer));
        answer.map_err(|error| match O::EFFECT {
            Effect::Read => error,
            Effect::Add | Effect::Change => error.of_change(),
        })
    }

    /// Polls for live calls and gives the body of the answer as it is, for a reader that knows most of it already.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], except those that only decoding can find.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the exchange.
    pub async fn poll(&self, context: &Context, query: &ListActiveCalls) -> Result<Bytes, Error> {
        self.ask(context, query).await
    }

    async fn ask<O: Operation>(&self, context: &Context, operation: &O) -> Result<Bytes, Error> {
        let (request, template) = request::write(self.transport, operation, &self.base, &context.license)?;
        let exchange = Exchange {
            request,
            operation: O::NAME,
            template,
            effect: O::EFFECT,
            expects: Expects::Csv,
            license: Some(context.license.clone()),
            time_limit: self.timeout,
            deadline: context.deadline,
            trace: context.trace.clone(),
            resend_count: 0,
        };
        self.exchange(exchange).await.map(Response::into_body)
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
            expects: Expects::Page,
            license: None,
            time_limit,
            deadline: None,
            trace: None,
            resend_count: 0,
        };
        page::check(&self.exchange(exchange).await?)
    }

    async fn exchange(&self, exchange: Exchange) -> Result<Response<Bytes>, Error> {
        self.stack.clone().oneshot(exchange).await
    }
}
