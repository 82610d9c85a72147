//! One customer's calls, event by event.
//!
//! ```text
//!             +--> connected --------------------+
//!  arrives, --+--> forwarded: a second leg rings +--> ends
//!  rings      +--> nobody answers ---------------+
//! ```
//!
//! Everything drawn is drawn when an event is handled, and events are handled in the order of their times: the
//! history is the same in one step or in a thousand. A line takes one call at a time, so there are never more calls
//! than lines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use self::draw::{exponential, outside_number};
use super::params::Params;
use super::trunk::{ON_NET, TRUNKS, Trunk};
use crate::sandbox::directory::Record;

mod draw;

/// How long a call that is not connected rings, on average, after the first moment.
const RINGING: Duration = Duration::from_secs(8);
const FIRST_RING: Duration = Duration::from_secs(2);

/// How long a phone stays registered, and how long it takes to come back, on average.
const REGISTERED: Duration = Duration::from_secs(1200);
const UNREGISTERED: Duration = Duration::from_secs(60);

/// What a call is to its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Incoming,
    Outgoing,
    Internal,
    Forwarded,
}

/// An extension's part in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) i_c_ext: i32,
    pub(super) kind: Kind,
    pub(super) cli: String,
    pub(super) cld: String,
    pub(super) trunk: &'static Trunk,
    /// When the call was answered; `None` while it rings.
    pub(super) connected: Option<Duration>,
}

#[derive(Debug)]
struct Line {
    i_c_ext: i32,
    number: String,
    registered: bool,
}

#[derive(Debug)]
struct Call {
    id: String,
    legs: Vec<Leg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    Connect(u64),
    Forward(u64),
    End(u64),
    /// The line's phone registers, or is lost.
    Register(usize),
}

/// The simulation of one customer.
#[derive(Debug)]
pub(super) struct Switchboard {
    rng: ChaCha8Rng,
    /// The time between two arrivals, on average; `None` is silence.
    between: Option<Duration>,
    mean_duration: Duration,
    now: Duration,
    /// The events to come: the time, an ordinal that breaks ties, the event.
    queue: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    next: u64,
    lines: Vec<Line>,
    calls: BTreeMap<u64, Call>,
}

impl Switchboard {
    pub(super) fn new(records: &[Record], params: &Params, rng: ChaCha8Rng) -> Self {
        let per_minute = params.calls_per_minute.min(60_000.0);
        let lines = records
            .iter()
            .map(|record| &record.extension)
            .filter(|extension| extension.i_account != 0);
        let mut switchboard = Self {
            rng,
            between: (per_minute > 0.0).then(|| draw::seconds(60.0 / per_minute)),
            mean_duration: params.mean_duration,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            next: 0,
            lines: lines
                .map(|extension| Line {
                    i_c_ext: extension.i_c_ext,
                    number: extension.account_id.clone().unwrap_or_default(),
                    registered: true,
                })
                .collect(),
            calls: BTreeMap::new(),
        };
        for line in 0..switchboard.lines.len() {
            switchboard.after(REGISTERED, Event::Register(line));
        }
        switchboard.expect_arrival();
        switchboard
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// The legs of all calls, each with its call's id.
    pub(super) fn legs(&self) -> impl Iterator<Item = (&str, &Leg)> {
        self.calls
            .values()
            .flat_map(|call| call.legs.iter().map(|leg| (call.id.as_str(), leg)))
    }

    pub(super) fn registered(&self, i_c_ext: i32) -> bool {
        self.lines
            .iter()
            .any(|line| line.i_c_ext == i_c_ext && line.registered)
    }

    /// Handles all events up to `to`.
    pub(super) fn advance(&mut self, to: Duration) {
        while let Some(Reverse((at, ..))) = self.queue.peek()
            && *at <= to
            && let Some(Reverse((at, _, event))) = self.queue.pop()
        {
            self.now = at;
            match event {
                Event::Arrive => self.arrive(),
                Event::Connect(call) => self.connect(call),
                Event::Forward(call) => self.forward(call),
                Event::End(call) => drop(self.calls.remove(&call)),
                Event::Register(line) => self.register(line),
            }
        }
        self.now = self.now.max(to);
    }

    fn arrive(&mut self) {
        self.expect_arrival();
        let Some(line) = self.idle_line() else {
            return; // All lines are taken: the caller hears the busy tone.
        };
        let trunk = draw::one_of(&mut self.rng, &TRUNKS).unwrap_or(&ON_NET);
        let (i_c_ext, number) = (self.lines[line].i_c_ext, self.lines[line].number.clone());
        let leg = |kind, cli, cld, trunk| Leg {
            i_c_ext,
            kind,
            cli,
            cld,
            trunk,
            connected: None,
        };
        let legs = match self.rng.random_range(0..20) {
            0..11 => vec![leg(Kind::Incoming, outside_number(&mut self.rng), number, trunk)],
            11..17 => vec![leg(Kind::Outgoing, number, outside_number(&mut self.rng), trunk)],
            _ => match self.idle_line_but(line) {
                None => return,
                Some(other) => {
                    let other = &self.lines[other];
                    let from = leg(Kind::Internal, number, other.number.clone(), &ON_NET);
                    let to = Leg {
                        i_c_ext: other.i_c_ext,
                        ..from.clone()
                    };
                    vec![from, to]
                }
            },
        };
        let incoming = legs[0].kind == Kind::Incoming;
        let call = self.ordinal();
        let id = format!("{:016x}@pbx.example.com", self.rng.random::<u64>());
        self.calls.insert(call, Call { id, legs });
        let event = match self.rng.random_range(0..20) {
            0..15 => Event::Connect(call),
            15..18 if incoming => Event::Forward(call),
            _ => Event::End(call),
        };
        self.after_ringing(event);
    }

    fn connect(&mut self, call: u64) {
        let now = self.now;
        // A forwarding leg waits with the one that answers: both are connected at once.
        for leg in self
            .calls
            .get_mut(&call)
            .into_iter()
            .flat_map(|call| &mut call.legs)
        {
            leg.connected = Some(now);
        }
        self.after(self.mean_duration, Event::End(call));
    }

    /// The extension that was called passes the call on to another, as a second leg of the same call.
    fn forward(&mut self, call: u64) {
        let target = self.idle_line();
        let trunk = draw::one_of(&mut self.rng, &TRUNKS).unwrap_or(&ON_NET);
        let Some((line, call_now)) = target.zip(self.calls.get_mut(&call)) else {
            self.calls.remove(&call);
            return;
        };
        let from = &call_now.legs[0];
        // On another connection than the first leg, as the legs of one call are on the wire.
        let trunk = if trunk.i_connection == from.trunk.i_connection {
            &ON_NET
        } else {
            trunk
        };
        let cli = from.cld.clone();
        let Line { i_c_ext, number, .. } = &self.lines[line];
        call_now.legs.push(Leg {
            i_c_ext: *i_c_ext,
            kind: Kind::Forwarded,
            cli,
            cld: number.clone(),
            trunk,
            connected: None,
        });
        let event = if self.rng.random_bool(0.75) {
            Event::Connect(call)
        } else {
            Event::End(call)
        };
        self.after_ringing(event);
    }

    fn register(&mut self, line: usize) {
        let registered = !self.lines[line].registered;
        self.lines[line].registered = registered;
        self.after(
            if registered { REGISTERED } else { UNREGISTERED },
            Event::Register(line),
        );
    }

    fn idle_line(&mut self) -> Option<usize> {
        self.idle_line_but(usize::MAX)
    }

    /// One of the registered lines without a call, `taken` excepted.
    fn idle_line_but(&mut self, taken: usize) -> Option<usize> {
        let busy: HashSet<i32> = self.legs().map(|(_, leg)| leg.i_c_ext).collect();
        let is_idle = |line: &Line| line.registered && !busy.contains(&line.i_c_ext);
        let lines = self.lines.iter().enumerate();
        let idle: Vec<usize> = lines
            .filter(|(index, line)| *index != taken && is_idle(line))
            .map(|(index, _)| index)
            .collect();
        draw::one_of(&mut self.rng, &idle).copied()
    }

    fn expect_arrival(&mut self) {
        if let Some(between) = self.between {
            self.after(between, Event::Arrive);
        }
    }

    fn after_ringing(&mut self, event: Event) {
        let ringing = FIRST_RING.saturating_add(exponential(&mut self.rng, RINGING));
        self.schedule(ringing, event);
    }

    /// Schedules an event after a time drawn around `mean`.
    fn after(&mut self, mean: Duration, event: Event) {
        let wait = exponential(&mut self.rng, mean);
        self.schedule(wait, event);
    }

    fn schedule(&mut self, wait: Duration, event: Event) {
        let (at, ordinal) = (self.now.saturating_add(wait), self.ordinal());
        self.queue.push(Reverse((at, ordinal, event)));
    }

    /// The next number: it keeps calls, and events of the same moment, in the order in which they came.
    fn ordinal(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}
