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
    /// When it was told.
    pub(crate) at: Instant,
    /// Whether it was asked for again, with its id.
    pub(crate) again: Option<Outcome>,
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
            let one = self.one(told.len()).await;
            if matches!(
                one.outcome,
                Outcome::Broken | Outcome::Refused(Code::Unavailable, _)
            ) {
                // As any client does: there is no gateway, or it takes nothing.
                sleep(AWHILE).await;
            } else {
                done += 1;
                self.made.fetch_add(1, Ordering::Relaxed);
            }
            told.push(one);
        }
        told
    }

    async fn one(&mut self, operation: usize) -> Told {
        // What names are made of is in paths as it is.
        let name = format!("t{}x{operation}t", self.number);
        let within = Duration::from_millis(rand::random_range(1_500..2_500));
        let id = if rand::random() {
            Uuid::from_u128(rand::random()).to_string()
        } else {
            String::new()
        };
        let record = self.records.pop();
        let kind = match record {
            None => Kind::Add,
            Some(_) if rand::random() => Kind::Update,
            Some(_) => Kind::Delete,
        };
        let (i_customer, i_c_ext) = record.unwrap_or((rand::random_range(1..=self.customers), 0));
        let until = Instant::now() + within;
        let killed = self.kills.load(Ordering::Relaxed);
        let outcome = self.make(kind, i_customer, i_c_ext, &name, &id, within).await;
        let at = Instant::now();
        match (kind, &outcome) {
            (Kind::Add, Outcome::Ok(Some(added))) => self.records.push((i_customer, *added)),
            (Kind::Update, Outcome::Ok(_)) => self.records.push((i_customer, i_c_ext)),
            _ => {}
        }
        let again = if !id.is_empty() && outcome != Outcome::Broken && rand::random_ratio(1, 3) {
            Some(self.make(kind, i_customer, i_c_ext, &name, &id, within).await)
        } else {
            None
        };
        let is_forgotten = self.kills.load(Ordering::Relaxed) != killed;
        let tag = match kind {
            Kind::Add | Kind::Update => name,
            Kind::Delete => format!("/{i_c_ext}.csv"),
        };
        Told {
            tag,
            kind,
            outcome,
            until,
            at,
            again,
            is_forgotten,
        }
    }

    async fn make(
        &mut self,
        kind: Kind,
        i_customer: i64,
        i_c_ext: i64,
        name: &str,
        request_id: &str,
        within: Duration,
    ) -> Outcome {
        let (name, request_id) = (name.to_owned(), request_id.to_owned());
        let id = name.clone();
        match kind {
            Kind::Add => {
                let request = AddExtensionRequest {
                    i_customer,
                    name,
                    id,
                    i_account: 0,
                    request_id,
                };
                let answer = self.client.add_extension(timed(request, within)).await;
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
                outcome(
                    self.client
                        .update_extension(timed(request, within))
                        .await
                        .map(|_| None),
                )
            }
            Kind::Delete => {
                let request = DeleteExtensionRequest {
                    i_customer,
                    i_c_ext,
                    request_id,
                };
                outcome(
                    self.client
                        .delete_extension(timed(request, within))
                        .await
                        .map(|_| None),
                )
            }
        }
    }
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
