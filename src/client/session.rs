//! The task of a watch: attempt after attempt, until a final status.
//!
//! ```text
//!   dial ─▶ open ─▶ event, event, … ─▶ break ─▶ wait ─┐
//!    ▲                                                 │
//!    └─────────────────────────────────────────────────┘
//! ```

use std::error::Error;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::transport::{self, Channel};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use super::backoff::Backoff;
use super::fold::{Fold, Note};
use super::freshness::{Away, Cause, Freshness};
use super::params::{Params, Query};
use super::state::State;
use crate::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use crate::proto::v1::{ActiveCallsRequest, ActiveCallsResponse, goodbye};

/// The largest message taken, far above what a gateway sends: parts of snapshots, and deltas of at most 2 MiB. It is not
/// meant to depend on the limits of one release.
const MAX_MESSAGE: usize = 32 * 1024 * 1024;

/// The longest wait that a gateway may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// One watch: how it connects, and what it knows.
#[derive(Debug)]
pub(super) struct Session<D> {
    dial: D,
    query: Query,
    params: Params,
    fold: Fold,
    backoff: Backoff,
    /// Why there is no stream; `None` while there is one that has told something.
    away: Option<Away>,
    /// Since when the stream has been telling.
    telling_since: Option<Instant>,
    state: watch::Sender<State>,
}

/// Why an attempt ended.
#[derive(Debug)]
enum Break {
    Goodbye(goodbye::Reason, Duration),
    Unreachable(transport::Error),
    Status(Status),
    Closed,
    Silence(Duration),
    OutOfStep,
}

impl<D, F> Session<D>
where
    D: FnMut() -> F,
    F: Future<Output = Result<Channel, transport::Error>>,
{
    /// A session that has not begun, and the states that it will publish.
    pub(super) fn new(dial: D, query: Query, params: Params) -> (Self, watch::Receiver<State>) {
        let away = Away {
            since: SystemTime::now(),
            cause: Cause::Starting,
            breaks: 0,
            retry_at: None,
        };
        let fold = Fold::default();
        let (state, told) = watch::channel(to_state(&fold, Some(&away), None));
        let session = Self {
            dial,
            query,
            params,
            fold,
            backoff: Backoff::default(),
            away: Some(away),
            telling_since: None,
            state,
        };
        (session, told)
    }

    /// Runs until a final status.
    pub(super) async fn run(mut self) {
        loop {
            let with_token = !self.fold.resume_token().is_empty();
            let end = self.attempt().await;
            if let Some(since) = self.telling_since.take() {
                self.backoff.lived(since.elapsed());
            }
            let wait = match self.wait_after(&end, with_token) {
                Ok(wait) => wait,
                Err(status) => {
                    self.set_away(end.to_cause(), None);
                    self.publish(Some(status));
                    return;
                }
            };
            let retry_at = Instant::now() + wait;
            self.set_away(end.to_cause(), Some(retry_at));
            self.publish(None);
            sleep_until(retry_at).await;
            if let Some(away) = &mut self.away {
                away.retry_at = None;
            }
            self.publish(None);
        }
    }

    /// One stream, from dialling to its end.
    async fn attempt(&mut self) -> Break {
        let mut patience = self.params.patience(self.params.heartbeat());
        self.fold.begin_stream();
        let mut stream = match timeout(patience, self.open()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(end)) => return end,
            Err(_) => return Break::Silence(patience),
        };
        loop {
            let event = match timeout(patience, stream.message()).await {
                Ok(Ok(Some(event))) => event,
                Ok(Ok(None)) => return Break::Closed,
                Ok(Err(status)) => return Break::Status(status),
                Err(_) => return Break::Silence(patience),
            };
            let Ok(note) = self.fold.apply(event) else {
                self.fold.forget_token();
                return Break::OutOfStep;
            };
            match note {
                Note::Moved => {}
                Note::Bookmark(next_within) => patience = self.params.patience(next_within),
                Note::Unfinished | Note::Unknown => continue,
                Note::Goodbye(reason, after) => return Break::Goodbye(reason, after),
            }
            self.away = None;
            self.telling_since.get_or_insert_with(Instant::now);
            self.publish(None);
        }
    }

    async fn open(&mut self) -> Result<Streaming<ActiveCallsResponse>, Break> {
        let channel = (self.dial)().await.map_err(Break::Unreachable)?;
        let mut client = CustomerExtensionServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
        let request = ActiveCallsRequest {
            i_customer: self.query.i_customer,
            product_ids: self.query.product_ids.clone(),
            resume_token: self.fold.resume_token().to_vec(),
            heartbeat: prost_types::Duration::try_from(self.params.heartbeat()).ok(),
            max_staleness: prost_types::Duration::try_from(self.params.max_staleness).ok(),
        };
        let opened = client.active_calls(request).await;
        Ok(opened.map_err(Break::Status)?.into_inner())
    }

    /// How long to wait, or the status that ends the watch.
    fn wait_after(&mut self, end: &Break, with_token: bool) -> Result<Duration, Status> {
        let asked = match end {
            Break::Goodbye(_, after) => {
                // The gateway has spread its watchers already.
                self.backoff.planned();
                return Ok((*after).min(LONGEST_ASKED));
            }
            // A gateway of another release may take our token for another feed's. It cannot refuse a watch without token.
            Break::Status(status) if with_token && status.code() == Code::InvalidArgument => {
                self.fold.forget_token();
                Duration::ZERO
            }
            Break::Status(status) if is_final(status.code()) => return Err(status.clone()),
            Break::Status(status) => retry_delay(status),
            Break::Unreachable(_) | Break::Closed | Break::Silence(_) | Break::OutOfStep => Duration::ZERO,
        };
        // All who were refused were told the same delay: the jitter comes on top.
        Ok(asked + self.backoff.next(&self.params, rand::random()))
    }

    fn set_away(&mut self, cause: Cause, retry_at: Option<Instant>) {
        let since = self.away.take().map(|away| away.since);
        self.away = Some(Away {
            since: since.unwrap_or_else(SystemTime::now),
            cause,
            breaks: self.backoff.breaks(),
            retry_at,
        });
    }

    fn publish(&self, ended: Option<Status>) {
        self.state
            .send_replace(to_state(&self.fold, self.away.as_ref(), ended));
    }
}

impl Break {
    fn to_cause(&self) -> Cause {
        match self {
            Self::Goodbye(reason, _) => Cause::Goodbye(*reason),
            Self::Unreachable(error) => Cause::Unreachable(innermost(error)),
            Self::Status(status) => match status.source() {
                Some(error) => Cause::Status(status.code(), innermost(error)),
                None => Cause::Status(status.code(), status.message().to_owned()),
            },
            Self::Closed => Cause::Closed,
            Self::Silence(time) => Cause::Silence(*time),
            Self::OutOfStep => Cause::OutOfStep,
        }
    }
}

fn to_state(fold: &Fold, away: Option<&Away>, ended: Option<Status>) -> State {
    State {
        calls: fold.calls.clone(),
        version: fold.version,
        observed_at: fold.observed_at,
        freshness: away.map_or_else(|| fold.freshness(), |away| Freshness::Away(away.clone())),
        resets: fold.resets,
        reason: fold.reason,
        ended,
    }
}

/// Whether another attempt would get the same.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument | Code::NotFound | Code::PermissionDenied | Code::Unimplemented
    )
}

/// The wait that the status asks for.
fn retry_delay(status: &Status) -> Duration {
    let info = status.get_details_retry_info();
    let delay = info.and_then(|info| info.retry_delay);
    delay.unwrap_or_default().min(LONGEST_ASKED)
}

/// The text of the innermost cause: the transport's outer errors say no more than that something failed.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
