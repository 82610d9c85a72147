//! The ledger of changes: what their callers were told, held against what the sandbox did.
//!
//! Every extension that is added has an id of its own, so that the sandbox's list tells what became of it. A change that
//! is answered `UNKNOWN`, or that its caller did not wait for, may have happened or not; whatever else is said must be so.
//! What is settled is swept away, so that the world stays as large as it is: a gateway that grows has no such excuse.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portico::proto::v1::{AddExtensionRequest, DeleteExtensionRequest, Extension, UpdateExtensionRequest};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status};

use super::UPSTREAM_TIMEOUT;
use super::callers::told;
use super::findings::Findings;
use super::harness::Result;
use super::liar::LATEST;
use super::world::{Client, Witness, World, client};

/// How many change the world at once.
const CHANGERS: usize = 16;

/// So long after its caller was told, a change happens no more.
const SETTLED: Duration = Duration::from_secs(UPSTREAM_TIMEOUT.as_secs() + LATEST.as_secs() + 2);

/// How long one of them waits for an answer, if it says so.
const DEADLINE: Duration = Duration::from_secs(1);

/// What became of every extension that somebody tried to add, by its id. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    next: Arc<AtomicU64>,
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

/// What is known of one extension.
#[derive(Clone, Debug)]
struct Entry {
    customer: i64,
    added: Told,
    /// The name that it was given last, and what was told of that.
    updated: Option<(String, Told)>,
    deleted: Option<Told>,
    /// When the last of it was told.
    ended: Instant,
}

/// What a caller was told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It happened.
    Done,
    /// It did not happen.
    Refused,
    /// It may have happened.
    Unknown,
}

impl Ledger {
    /// Starts those who change the world; they leave when the trouble is over.
    pub(crate) fn start(
        &self,
        gateway: SocketAddr,
        world: &Arc<World>,
        findings: &Findings,
        over: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Result<()> {
        for _ in 0..CHANGERS {
            let (client, ledger, world) = (client(gateway)?, self.clone(), world.clone());
            let (findings, over) = (findings.clone(), over.clone());
            tasks.spawn(async move {
                while !over.is_cancelled() {
                    ledger.live(client.clone(), world.any(), &findings).await;
                    sleep(Duration::from_millis(rand::random_range(20..300))).await;
                }
            });
        }
        Ok(())
    }

    /// The life of one extension.
    async fn live(&self, mut client: Client, i_customer: i64, findings: &Findings) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("soak-{number}");
        let request = AddExtensionRequest {
            i_customer,
            name: format!("{id} as added"),
            id: id.clone(),
            i_account: 0,
            request_id: String::new(),
        };
        let added = client.add_extension(impatient(request)).await;
        let mut entry = Entry {
            customer: i_customer,
            added: entered(&added, findings),
            updated: None,
            deleted: None,
            ended: Instant::now(),
        };
        let extension = added.ok().and_then(|added| added.into_inner().extension);
        if let Some(i_c_ext) = extension.map(|extension| extension.i_c_ext) {
            if rand::random() {
                let name = format!("{id} as updated");
                let request = UpdateExtensionRequest {
                    i_customer,
                    i_c_ext,
                    name: name.clone(),
                    id: id.clone(),
                    i_account: Some(0),
                    request_id: String::new(),
                };
                let updated = client.update_extension(impatient(request)).await;
                entry.updated = Some((name, entered(&updated, findings)));
            }
            if rand::random() {
                let request = DeleteExtensionRequest {
                    i_customer,
                    i_c_ext,
                    request_id: String::new(),
                };
                let deleted = client.delete_extension(impatient(request)).await;
                if deleted
                    .as_ref()
                    .is_err_and(|status| status.code() == Code::NotFound)
                {
                    findings.report(format!("{id} was added and not deleted, and is not found"));
                }
                entry.deleted = Some(entered(&deleted, findings));
            }
        }
        entry.ended = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert(id, entry);
    }

    /// Settles what has ended for long enough, again and again until the trouble is over, and deletes what it has added.
    pub(crate) async fn sweep(
        self,
        witness: Witness,
        world: Arc<World>,
        findings: Findings,
        over: CancellationToken,
    ) {
        while !over.is_cancelled() {
            if let Err(error) = self.settle(SETTLED, &witness, &world, &findings).await {
                findings.report(format!("the witness did not settle: {error}"));
            }
            sleep(SETTLED).await;
        }
    }

    /// Holds every entry that ended so long ago against the sandbox's lists. What it has added is deleted.
    pub(crate) async fn settle(
        &self,
        age: Duration,
        witness: &Witness,
        world: &World,
        findings: &Findings,
    ) -> Result<()> {
        let entries = self.take(age);
        let mut listed: BTreeMap<String, Vec<(i64, Extension)>> = BTreeMap::new();
        for customer in world.customers.keys() {
            for extension in witness.extensions(*customer).await? {
                let seen = listed.entry(extension.id.clone()).or_default();
                seen.push((*customer, extension));
            }
        }
        for (id, entry) in entries {
            let seen = listed.remove(&id).unwrap_or_default();
            let names: Vec<_> = seen
                .iter()
                .map(|(customer, row)| (*customer, row.name.clone()))
                .collect();
            if let Some(lie) = entry.lie(&names) {
                findings.report(format!("{id}: {lie}; told {entry:?}, seen {names:?}"));
            }
            for (customer, row) in seen {
                witness.delete(customer, row.i_c_ext).await?;
            }
        }
        Ok(())
    }

    /// The entries that ended so long ago.
    fn take(&self, age: Duration) -> HashMap<String, Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .extract_if(|_, entry| entry.ended.elapsed() >= age)
            .collect()
    }
}

impl Entry {
    /// How what was told of the extension differs from what the lists show: its customer and name for each time that it
    /// is in one.
    fn lie(&self, seen: &[(i64, String)]) -> Option<&'static str> {
        let name = match seen {
            [] => None,
            [(customer, name)] if *customer == self.customer => Some(name),
            [_] => return Some("it is another customer's"),
            [_, _, ..] => return Some("it is there more than once"),
        };
        let deleted = self.deleted.unwrap_or(Told::Refused);
        match (self.added, deleted, name) {
            (Told::Refused, _, Some(_)) => return Some("it was refused and is there"),
            (_, Told::Done, Some(_)) => return Some("it was deleted and is there"),
            (Told::Done, Told::Refused, None) => return Some("it was added and is not there"),
            _ => {}
        }
        match (&self.updated, name) {
            (Some((given, Told::Done)), Some(name)) if given != name => {
                Some("it has not the name that it was given")
            }
            (Some((given, Told::Refused)), Some(name)) if given == name => {
                Some("it has a name that was refused")
            }
            _ => None,
        }
    }
}

/// Counts what a caller was told of a change, and says what it means.
fn entered<T>(answer: &std::result::Result<T, Status>, findings: &Findings) -> Told {
    findings.count("changes");
    match answer {
        Ok(_) => {
            findings.told("change: Ok".to_owned());
            Told::Done
        }
        Err(status) => {
            findings.told(format!("change: {}", told(status)));
            match status.code() {
                Code::Unknown | Code::DeadlineExceeded | Code::Cancelled => Told::Unknown,
                _ => Told::Refused,
            }
        }
    }
}

/// The request, at times with a deadline that ends before the gateway knows.
fn impatient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    if rand::random_ratio(1, 8) {
        request.set_timeout(DEADLINE);
    }
    request
}
