//! Those who change extensions, and what they are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{AddExtensionRequest, DeleteExtensionRequest, UpdateExtensionRequest};
use tokio::time::{Instant, sleep};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// How long one waits who was told that nothing is taken now.
const AWHILE: Duration = Duration::from_millis(100);

type Client = CustomerExtensionServiceClient<Channel>;

/// What a caller was told of a change.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// What is in the path of this change and of no other.
    pub(crate) tag: String,
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
    /// Until when the gateway could look.
    pub(crate) until: Instant,
    /// Whether it was asked for by somebody else at the same time, or again, with its id.
    pub(crate) again: Option<Outcome>,
    /// Whether that was at the same time.
    pub(crate) is_joined: bool,
    /// Whether the gateway was killed between the two: the next one knows of no ids.
    pub(crate) is_forgotten: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    Update,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With the record's id, of an add.
    Ok(Option<i64>),
    /// The gateway's word.
    Refused(Code, String),
    /// Nobody's: the connection broke.
    Broken,
}

/// A change to be made.
#[derive(Clone, Debug)]
struct Change {
    kind: Kind,
    i_customer: i64,
    i_c_ext: i64,
    name: String,
    request_id: String,
}

/// One who makes changes one after another.
pub(crate) struct Caller {
    client: Client,
    number: usize,
    operations: usize,
    customers: i64,
    /// How often the gateway was killed.
    kills: Arc<AtomicUsize>,
    /// How many changes all callers have made.
    made: Arc<AtomicUsize>,
    /// Records that are there and nobody else's.
    records: Vec<(i64, i64)>,
}

impl Caller {
    pub(crate) fn new(
        grpc: SocketAddr,
        number: usize,
        operations: usize,
        customers: i64,
        kills: &Arc<AtomicUsize>,
        made: &Arc<AtomicUsize>,
    ) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{grpc}")).expect("a URL");
        Self {
            client: Client::new(endpoint.connect_lazy()),
            number,
            operations,
            customers,
            kills: kills.clone(),
            made: made.clone(),
            records: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Vec<Told> {
        let mut told = Vec::new();
        let mut done = 0;
        while done < self.operations {
            let mut change = self.next(told.len());
            let mut one = self.one(&change).await;
            if one.outcome.is_of_quota() {
                // There are so many ids in ten minutes. Nothing was sent: it is made without.
                change.request_id.clear();
                one = self.one(&change).await;
            }
            if one.outcome.is_of_trouble() {
                // As any client does: there is no gateway, or it takes nothing.
                sleep(AWHILE).await;
            } else {
                done += 1;
                self.made.fetch_add(1, Ordering::Relaxed);
            }
            let is_unknown = matches!(one.outcome, Outcome::Refused(Code::Unknown, _));
            told.push(one);
            if change.kind == Kind::Add && is_unknown && rand::random() {
                // The same once more, as another change.
                let twin = Change {
                    request_id: request_id(),
                    ..change
                };
                told.push(self.one(&twin).await);
            }
        }
        told
    }

    /// A change that nobody else makes.
    fn next(&mut self, operation: usize) -> Change {
        let record = self.records.pop();
        let kind = match record {
            None => Kind::Add,
            Some(_) if rand::random() => Kind::Update,
            Some(_) => Kind::Delete,
        };
        let (i_customer, i_c_ext) = record.unwrap_or((rand::random_range(1..=self.customers), 0));
        Change {
            kind,
            i_customer,
            i_c_ext,
            // What names are made of is in paths as it is.
            name: format!("t{}x{operation}t", self.number),
            request_id: if rand::random() {
                request_id()
            } else {
                String::new()
            },
        }
    }

    async fn one(&mut self, change: &Change) -> Told {
        let within = Duration::from_millis(rand::random_range(1_500..2_500));
        let until = Instant::now() + within;
        let killed = self.kills.load(Ordering::Relaxed);
        let has_id = !change.request_id.is_empty();
        let is_joined = has_id && rand::random_ratio(1, 4);
        let (outcome, mut again) = if is_joined {
            let shorter = within.mul_f64(rand::random_range(0.3..1.0));
            let (outcome, joined) = tokio::join!(self.make(change, within), self.make(change, shorter));
            (outcome, Some(joined))
        } else {
            (self.make(change, within).await, None)
        };
        let (i_customer, i_c_ext) = (change.i_customer, change.i_c_ext);
        match (change.kind, &outcome) {
            (Kind::Add, Outcome::Ok(Some(added))) => self.records.push((i_customer, *added)),
            // Not if it is unknown: one that may still be made would undo the next.
            (Kind::Update, Outcome::Ok(_))
            | (Kind::Update | Kind::Delete, Outcome::Refused(Code::Unavailable, _)) => {
                self.records.push((i_customer, i_c_ext));
            }
            _ => {}
        }
        let is_answered = outcome != Outcome::Broken && !outcome.is_of_quota();
        if has_id && !is_joined && is_answered && rand::random_ratio(1, 3) {
            again = Some(self.make(change, within).await);
        }
        let is_forgotten = self.kills.load(Ordering::Relaxed) != killed;
        let tag = match change.kind {
            Kind::Add | Kind::Update => change.name.clone(),
            Kind::Delete => format!("/{i_c_ext}.csv"),
        };
        Told {
            tag,
            kind: change.kind,
            outcome,
            until,
            again,
            is_joined,
            is_forgotten,
        }
    }

    async fn make(&self, change: &Change, within: Duration) -> Outcome {
        let Change {
            kind,
            i_customer,
            i_c_ext,
            name,
            request_id,
        } = change.clone();
        let (id, mut client) = (name.clone(), self.client.clone());
        match kind {
            Kind::Add => {
                let request = AddExtensionRequest {
                    i_customer,
                    name,
                    id,
                    i_account: 0,
                    request_id,
                };
                let answer = client.add_extension(timed(request, within)).await;
                outcome(answer.map(|answer| answer.into_inner().extension.map(|added| added.i_c_ext)))
            }
            Kind::Update => {
                let request = UpdateExtensionRequest {
                    i_customer,
                    i_c_ext,
                    name,
                    id,
                    i_account: Some(0),
                    request_id,
                };
                let answer = client.update_extension(timed(request, within)).await;
                outcome(answer.map(|_| None))
            }
            Kind::Delete => {
                let request = DeleteExtensionRequest {
                    i_customer,
                    i_c_ext,
                    request_id,
                };
                let answer = client.delete_extension(timed(request, within)).await;
                outcome(answer.map(|_| None))
            }
        }
    }
}

impl Outcome {
    /// Whether there is no gateway, or it takes nothing now.
    fn is_of_trouble(&self) -> bool {
        matches!(self, Self::Broken | Self::Refused(Code::Unavailable, _))
    }

    /// Whether there are too many ids.
    fn is_of_quota(&self) -> bool {
        matches!(self, Self::Refused(_, reason) if reason == "REQUEST_ID_QUOTA")
    }
}

fn request_id() -> String {
    Uuid::from_u128(rand::random()).to_string()
}

fn timed<T>(message: T, within: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(within);
    request
}

fn outcome(answer: Result<Option<i64>, Status>) -> Outcome {
    match answer {
        Ok(added) => Outcome::Ok(added),
        Err(status) => match status.get_details_error_info() {
            Some(info) => Outcome::Refused(status.code(), info.reason),
            None => Outcome::Broken,
        },
    }
}
