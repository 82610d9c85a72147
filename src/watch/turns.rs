//! The turns that polls take: how many ask the upstream at one time, and who is next.
//!
//! A turn is quick until its poll has run for a while, and slow from then on. One line serves all customers in the order in
//! which they came; past those who may not go yet:
//!
//! | who waits | goes while |
//! | --- | --- |
//! | every customer | it holds less than its share, an eighth of the slots |
//! | one whose last poll was quick, or who is new | fewer quick turns than slots are held |
//! | one whose last poll was slow | fewer slow turns than half of the slots are held |
//!
//! Quick and slow polls do not wait for each other, so neither starve: where everything hangs that was quick before, the
//! slots are free again as soon as that shows. No poll is cut short for it, since a slow upstream is no broken one. So more
//! polls than slots are under way then, by those that turned slow after they had begun; it is known of their customers
//! from then on, and there are never more than [`MOST`] times the slots.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Context, ready};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::feed_key::Customer;

/// Turns of all kinds that are held at one time, in slots.
const MOST: usize = 8;

/// How long it is known of a customer that its polls are slow, after the last.
const REMEMBERED: Duration = Duration::from_secs(120);

/// All turns of the process.
#[derive(Debug)]
pub(super) struct Turns {
    slots: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits, the first to come first.
    line: Vec<Waiter>,
    /// The customers who wait, hold turns, or are known to be slow.
    customers: HashMap<Customer, Account>,
    quick: usize,
    slow: usize,
}

#[derive(Debug)]
struct Waiter {
    customer: Customer,
    /// Closed when nobody waits any more.
    turn: oneshot::Sender<Turn>,
}

/// What is known of a customer.
#[derive(Debug, Default)]
struct Account {
    waiting: usize,
    held: usize,
    /// When its last poll was seen to be slow; `None` if it was quick.
    slow_at: Option<Instant>,
}

/// A place in the line: completes with the turn. Dropped, it leaves the turn to the next.
#[derive(Debug)]
pub(super) struct Place(oneshot::Receiver<Turn>);

/// The right to ask the upstream, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    customer: Customer,
    /// Whether it is one of the slow turns.
    is_slow: bool,
}

// === impl Turns ===

impl Turns {
    /// Turns for `slots` quick polls at one time, and for half as many slow ones beside them.
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots,
            state: Mutex::default(),
        }
    }

    /// Lines up for a turn, which is there at once if one is free.
    pub(super) fn line_up(self: &Arc<Self>, customer: Customer) -> Place {
        let (turn, place) = oneshot::channel();
        let mut state = self.lock();
        state.customers.entry(customer.clone()).or_default().waiting += 1;
        state.line.push(Waiter { customer, turn });
        drop(state);
        self.serve();
        Place(place)
    }

    /// Gives turns to all who may go.
    fn serve(self: &Arc<Self>) {
        let next = self.lock().next(self.slots);
        for (Waiter { customer, turn }, is_slow) in next {
            // One whose place is gone by now comes back, and is given to the next, as it is dropped here: without the lock.
            let _ = turn.send(Turn {
                turns: self.clone(),
                customer,
                is_slow,
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Takes those who may go out of the line, and notes that they hold turns; with each whether its turn is slow.
    fn next(&mut self, slots: usize) -> Vec<(Waiter, bool)> {
        let share = (slots / 8).max(1);
        let mut next = Vec::new();
        for waiter in std::mem::take(&mut self.line) {
            let account = self.customers.entry(waiter.customer.clone()).or_default();
            let is_slow = account.slow_at.is_some();
            let is_free = if is_slow {
                self.slow < (slots / 2).max(1)
            } else {
                self.quick < slots
            };
            if waiter.turn.is_closed() {
                account.waiting -= 1;
                self.settle(&waiter.customer);
            } else if is_free && account.held < share && self.quick + self.slow < MOST.saturating_mul(slots) {
                account.waiting -= 1;
                account.held += 1;
                *self.count(is_slow) += 1;
                next.push((waiter, is_slow));
            } else {
                self.line.push(waiter);
            }
        }
        next
    }

    /// How many turns of the kind are held.
    fn count(&mut self, is_slow: bool) -> &mut usize {
        if is_slow { &mut self.slow } else { &mut self.quick }
    }

    /// Takes note of how slow the customer's last poll was.
    fn note(&mut self, customer: &Customer, is_slow: bool, now: Instant) {
        let account = self.customers.entry(customer.clone()).or_default();
        let was_slow = account.slow_at.is_some();
        account.slow_at = is_slow.then_some(now);
        if is_slow && !was_slow {
            // Only now can there be more to remember, so only now is the rest forgotten.
            self.customers.retain(|_, account| !account.is_idle(now));
        }
    }

    /// Gives a turn back.
    fn release(&mut self, customer: &Customer, is_slow: bool) {
        *self.count(is_slow) -= 1;
        if let Some(account) = self.customers.get_mut(customer) {
            account.held -= 1;
        }
        self.settle(customer);
    }

    /// Forgets the customer if there is nothing to know of it.
    fn settle(&mut self, customer: &Customer) {
        if self
            .customers
            .get(customer)
            .is_some_and(|account| account.is_idle(Instant::now()))
        {
            self.customers.remove(customer);
        }
    }
}

// === impl Account ===

impl Account {
    fn is_idle(&self, now: Instant) -> bool {
        let is_known_slow = self.slow_at.is_some_and(|at| now < at + REMEMBERED);
        self.waiting == 0 && self.held == 0 && !is_known_slow
    }
}

// === impl Place ===

impl Place {
    /// The turn, if it is there already.
    pub(super) fn at_once(&mut self) -> Option<Turn> {
        self.0.try_recv().ok()
    }
}

impl Future for Place {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> task::Poll<Turn> {
        let turn = ready!(Pin::new(&mut self.0).poll(cx));
        task::Poll::Ready(turn.expect("whoever waits stays in the line until served"))
    }
}

// === impl Turn ===

impl Turn {
    /// Takes note of whether its poll is slow by now, or was when it ended. A turn that becomes slow makes room for a quick
    /// one, whatever is noted later; the customer is as slow as was noted last.
    pub(super) fn note(&mut self, is_slow: bool) {
        let mut state = self.turns.lock();
        state.note(&self.customer, is_slow, Instant::now());
        if is_slow && !self.is_slow {
            self.is_slow = true;
            state.quick -= 1;
            state.slow += 1;
        }
        drop(state);
        self.turns.serve();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().release(&self.customer, self.is_slow);
        self.turns.serve();
    }
}

#[cfg(test)]
mod tests;
