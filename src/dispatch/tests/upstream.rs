//! A small honest upstream in the place of HTTP: it keeps extensions, makes changes when its script says, and answers as it
//! says.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use tokio::time::{Instant, sleep};
use tower::service_fn;

use crate::codec::csv::{self, Style};
use crate::upstream::client::Params;
use crate::upstream::{Client, Error, Exchange, Transport};
use crate::wire::{Answer, Extension};

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dispatch) struct Fate {
    /// After how long it is made; `None` = never.
    pub(in crate::dispatch) made: Option<Duration>,
    pub(in crate::dispatch) answer: Said,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dispatch) enum Said {
    /// The service's answer, when the change is made; 409 if it is not.
    Truth,
    /// The connection breaks.
    Reset,
    /// Nothing, ever.
    Nothing,
    BadGateway,
    /// An answer to an add with a record that is there.
    AnotherRecord,
}

/// What becomes of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dispatch) enum Listed {
    Truth,
    /// The truth of now, after so long.
    Slowly(Duration),
    /// 500 with CSV.
    Failed,
    /// No connection.
    Unreachable,
    /// Nothing, ever.
    Nothing,
    /// Another customer's extensions.
    Foreign,
}

/// Clones share it.
#[derive(Clone)]
pub(in crate::dispatch) struct Upstream(Arc<Mutex<World>>);

struct World {
    records: Vec<Extension>,
    next: i32,
    /// What becomes of the changes, one after another.
    fates: Vec<Fate>,
    /// What becomes of the list with this number.
    lists: Box<dyn Fn(usize) -> Listed + Send>,
    listed: usize,
    /// Those that were sent, and when they are made.
    sent: Vec<Sent>,
}

struct Sent {
    change: Change,
    due: Option<Instant>,
    is_made: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Add(Extension),
    Update(Extension),
    Delete(i32),
}

impl Upstream {
    /// One with these extensions.
    pub(in crate::dispatch) fn with(records: impl IntoIterator<Item = Extension>) -> Self {
        Self(Arc::new(Mutex::new(World {
            records: records.into_iter().collect(),
            next: 5001,
            fates: Vec::new(),
            lists: Box::new(|_| Listed::Truth),
            listed: 0,
            sent: Vec::new(),
        })))
    }

    /// The fates of the changes to come, one after another; after them all are made and answered.
    pub(in crate::dispatch) fn changing(self, fates: impl IntoIterator<Item = Fate>) -> Self {
        self.lock().fates = fates.into_iter().collect();
        self
    }

    pub(in crate::dispatch) fn listing(self, lists: impl Fn(usize) -> Listed + Send + 'static) -> Self {
        self.lock().lists = Box::new(lists);
        self
    }

    /// How many changes were sent.
    pub(in crate::dispatch) fn sent(&self) -> usize {
        self.lock().sent.len()
    }

    /// How many lists were asked for.
    pub(in crate::dispatch) fn listed(&self) -> usize {
        self.lock().listed
    }

    /// When the change with this number was made, if it has been by now.
    pub(in crate::dispatch) fn made(&self, number: usize) -> Option<Instant> {
        let mut world = self.lock();
        world.advance();
        world.sent[number].due.filter(|due| *due <= Instant::now())
    }

    /// The number of the change that was sent with this name or for this record.
    pub(in crate::dispatch) fn number_of(&self, name: &str, i_c_ext: i32) -> Option<usize> {
        let is_it = |sent: &Sent| match &sent.change {
            Change::Add(new) => new.name.as_deref() == Some(name),
            Change::Update(new) => new.i_c_ext == i_c_ext,
            Change::Delete(gone) => *gone == i_c_ext,
        };
        self.lock().sent.iter().position(is_it)
    }

    pub(in crate::dispatch) fn records(&self) -> Vec<Extension> {
        let mut world = self.lock();
        world.advance();
        world.records.clone()
    }

    pub(in crate::dispatch) fn client(&self) -> Client {
        let upstream = self.clone();
        let http = service_fn(move |exchange: Exchange| upstream.clone().answer(exchange));
        let base = "http://porta".parse().expect("a URL");
        Client::over(http, base, Transport::Routes, &Params::default())
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("no panic")
    }

    async fn answer(self, exchange: Exchange) -> Result<Response<Bytes>, Error> {
        match change(&exchange) {
            None => self.list().await,
            Some(change) => self.change(change).await,
        }
    }

    async fn list(self) -> Result<Response<Bytes>, Error> {
        let listed = {
            let mut world = self.lock();
            world.listed += 1;
            (world.lists)(world.listed - 1)
        };
        let extensions = match listed {
            Listed::Truth => self.records(),
            Listed::Slowly(after) => {
                sleep(after).await;
                self.records()
            }
            Listed::Failed => return Ok(csv(StatusCode::INTERNAL_SERVER_ERROR, &Answer::default())),
            Listed::Unreachable => return Err(Error::Connect("refused".into())),
            Listed::Nothing => return pending().await,
            Listed::Foreign => vec![record(66, "201", "Sales", 7)],
        };
        let extensions = Some(extensions);
        Ok(csv(StatusCode::OK, &Answer { extensions, ..echo() }))
    }

    async fn change(self, change: Change) -> Result<Response<Bytes>, Error> {
        let (number, fate) = {
            let mut world = self.lock();
            world.advance();
            let fate = if world.fates.is_empty() {
                done(Said::Truth)
            } else {
                world.fates.remove(0)
            };
            world.sent.push(Sent {
                change,
                due: fate.made.map(|after| Instant::now() + after),
                is_made: false,
            });
            (world.sent.len() - 1, fate)
        };
        match fate.answer {
            Said::Reset => Err(Error::Interrupted("reset".into())),
            Said::Nothing => pending().await,
            Said::BadGateway => {
                let mut answer = Response::new(Bytes::from_static(b"a page"));
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                Ok(answer)
            }
            Said::AnotherRecord => {
                let extension = self.records().into_iter().next();
                Ok(csv(StatusCode::OK, &Answer { extension, ..echo() }))
            }
            Said::Truth => match fate.made {
                None => Ok(csv(StatusCode::CONFLICT, &Answer::default())),
                Some(after) => {
                    sleep(after).await;
                    Ok(self.truth(number))
                }
            },
        }
    }

    /// The answer to a change that is made.
    fn truth(&self, number: usize) -> Response<Bytes> {
        let mut world = self.lock();
        world.advance();
        let extension = match &world.sent[number].change {
            Change::Add(new) => world.records.iter().find(|record| record.id == new.id),
            Change::Update(new) => world.records.iter().find(|record| record.i_c_ext == new.i_c_ext),
            Change::Delete(_) => None,
        };
        let answer = Answer {
            extension_deleted: extension.is_none(),
            extension: extension.cloned(),
            ..echo()
        };
        csv(StatusCode::OK, &answer)
    }
}

impl World {
    /// Makes the changes that are due.
    fn advance(&mut self) {
        let now = Instant::now();
        let Self {
            sent, records, next, ..
        } = self;
        for sent in sent {
            if sent.is_made || sent.due.is_none_or(|due| due > now) {
                continue;
            }
            sent.is_made = true;
            match &sent.change {
                Change::Add(new) => {
                    let i_c_ext = *next;
                    *next += 1;
                    let new = new.clone();
                    records.push(Extension { i_c_ext, ..new });
                }
                Change::Update(new) => {
                    let replaced = records.iter_mut().find(|record| record.i_c_ext == new.i_c_ext);
                    *replaced.expect("tests update what is there") = new.clone();
                }
                Change::Delete(gone) => records.retain(|record| record.i_c_ext != *gone),
            }
        }
    }
}

/// It is made at once, and this is said of it.
pub(in crate::dispatch) fn done(answer: Said) -> Fate {
    let made = Some(Duration::ZERO);
    Fate { made, answer }
}

pub(in crate::dispatch) fn record(i_c_ext: i32, id: &str, name: &str, i_account: i32) -> Extension {
    Extension {
        i_c_ext,
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        i_account,
        ..Extension::default()
    }
}

/// What the request changes, by its path.
fn change(exchange: &Exchange) -> Option<Change> {
    let path = exchange.request.uri().path().trim_end_matches(".csv");
    let values: Vec<&str> = path.rsplit('/').collect();
    let number = |text: &str| text.parse().expect("a number");
    Some(match (exchange.operation, &*values) {
        ("ListExtensions", _) => return None,
        ("AddExtension" | "AddExtensionGetIdentity", [account, id, name, ..]) => {
            Change::Add(record(0, id, name, number(account)))
        }
        ("UpdateExtension", [account, id, name, i_c_ext, ..]) => {
            Change::Update(record(number(i_c_ext), id, name, number(account)))
        }
        ("DeleteExtension", [i_c_ext, ..]) => Change::Delete(number(i_c_ext)),
        (other, _) => panic!("nobody asks for {other}"),
    })
}

/// What every sound answer has.
fn echo() -> Answer {
    Answer {
        license: Some("x".to_owned()),
        ..Answer::default()
    }
}

fn csv(status: StatusCode, answer: &Answer) -> Response<Bytes> {
    let body = csv::one_to_vec(answer, Style::V3).expect("it can be written");
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let media_type = HeaderValue::from_static("text/csv");
    answer.headers_mut().insert(CONTENT_TYPE, media_type);
    answer
}
