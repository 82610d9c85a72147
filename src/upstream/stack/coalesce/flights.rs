//! What is in flight, by what was asked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Uri};
use tokio::time::Instant;

use crate::upstream::value::Id;
use crate::upstream::{Deadline, Exchange, License};

/// What is in flight: each `F` may be waited for by several. Clones share it.
pub(super) struct Flights<F>(Arc<Mutex<Table<F>>>);

struct Table<F> {
    by_customer: HashMap<Asker, HashMap<Asked, Entered<F>>>,
    /// Of the next flight: two of one question are told apart by it.
    next: u64,
}

/// About whom is asked, and by which licence.
type Asker = (License, Id);

/// The written request. It holds the licence: it is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    method: Method,
    uri: Uri,
    body: Bytes,
}

struct Entered<F> {
    number: u64,
    flight: F,
    deadline: Deadline,
    callers: usize,
}

/// What an exchange asks, so that another can be known to ask the same.
pub(super) struct Question {
    asker: Asker,
    asked: Asked,
}

/// The place of one of the callers of a flight. Dropping it leaves the flight.
pub(super) struct Seat<F> {
    flights: Flights<F>,
    question: Question,
    number: u64,
    has_ended: bool,
}

/// A change that is being made. When it is dropped, what is in flight about its customer is closed once more.
pub(super) struct Changing<F> {
    flights: Flights<F>,
    asker: Asker,
}

// === impl Question ===

impl Question {
    /// What the exchange asks, if it is about somebody.
    pub(super) fn of(exchange: &Exchange) -> Option<Self> {
        let asker = (exchange.license.clone()?, exchange.customer?);
        let request = &exchange.request;
        Some(Self {
            asker,
            asked: Asked {
                method: request.method().clone(),
                uri: request.uri().clone(),
                body: request.body().clone(),
            },
        })
    }
}

// === impl Flights ===

impl<F: Clone> Flights<F> {
    /// Takes a seat in the flight that answers `question`, for a caller who waits until `until`; if there is none, in the
    /// one that `begin` makes, with its deadline.
    pub(super) fn join(
        &self,
        question: Question,
        until: Option<Instant>,
        begin: impl FnOnce() -> (F, Deadline),
    ) -> (F, Seat<F>) {
        let mut table = self.lock();
        let number = table.next;
        let flights = table.by_customer.entry(question.asker.clone()).or_default();
        let entered = match flights.entry(question.asked.clone()) {
            Entry::Occupied(entered) => {
                let entered = entered.into_mut();
                entered.callers += 1;
                entered.deadline.join(until);
                entered
            }
            Entry::Vacant(vacant) => {
                let (flight, deadline) = begin();
                vacant.insert(Entered {
                    number,
                    flight,
                    deadline,
                    callers: 1,
                })
            }
        };
        let (flight, seat) = (entered.flight.clone(), entered.number);
        table.next += 1;
        let seat = Seat {
            flights: self.clone(),
            question,
            number: seat,
            has_ended: false,
        };
        (flight, seat)
    }

    /// A change of the customer that the question is about starts: nobody joins any more what was asked before.
    pub(super) fn change(&self, question: Question) -> Changing<F> {
        let asker = question.asker;
        self.close(&asker);
        Changing {
            flights: self.clone(),
            asker,
        }
    }
}

impl<F> Flights<F> {
    fn close(&self, asker: &Asker) {
        let closed = self.lock().by_customer.remove(asker);
        // Not while the table is locked: whatever ends with the last hold on a flight must not wait for it.
        drop(closed);
    }

    fn lock(&self) -> MutexGuard<'_, Table<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Table<F> {
    /// Takes the flight out of the table, if it is this one and `is_over` says so.
    fn take(
        &mut self,
        question: &Question,
        number: u64,
        is_over: impl FnOnce(&mut Entered<F>) -> bool,
    ) -> Option<Entered<F>> {
        let flights = self.by_customer.get_mut(&question.asker)?;
        let entered = flights.get_mut(&question.asked)?;
        if entered.number != number || !is_over(entered) {
            return None;
        }
        let taken = flights.remove(&question.asked);
        if flights.is_empty() {
            self.by_customer.remove(&question.asker);
        }
        taken
    }
}

impl<F> Clone for Flights<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F> Default for Flights<F> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Table {
            by_customer: HashMap::new(),
            next: 0,
        })))
    }
}

impl<F> fmt::Debug for Flights<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

// === impl Seat ===

impl<F> Seat<F> {
    /// The flight has ended: who asks from now on asks anew, although others have not looked yet.
    pub(super) fn end(mut self) {
        self.has_ended = true;
    }
}

impl<F> Drop for Seat<F> {
    fn drop(&mut self) {
        let has_ended = self.has_ended;
        let over = self.flights.lock().take(&self.question, self.number, |entered| {
            entered.callers -= 1;
            has_ended || entered.callers == 0
        });
        // Not while the table is locked.
        drop(over);
    }
}

// === impl Changing ===

impl<F> Drop for Changing<F> {
    fn drop(&mut self) {
        self.flights.close(&self.asker);
    }
}

#[cfg(test)]
impl<F> Flights<F> {
    /// How many are in flight that may be joined.
    pub(super) fn count(&self) -> usize {
        self.lock().by_customer.values().map(HashMap::len).sum()
    }
}
