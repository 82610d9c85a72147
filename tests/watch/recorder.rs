//! Clients of every temper, and what each of them saw.
//!
//! A recorder knows what a client knows: the frames that it read, when it read them, and how its streams ended.

use std::time::Duration;

use portico::proto::v1::ActiveCallsResponse;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::Status;

use super::gateway::{Gateway, Next, Stream, resume};
use super::held::Held;
use super::history::Feed;

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temper {
    /// Everything at once, always at the same gateway.
    Prompt,
    /// With pauses, some of them long, and leaving in between, also for the other gateway.
    Fickle,
    /// The first few events, then nothing for the whole history.
    Stuck,
}

/// One event and when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) event: ActiveCallsResponse,
}

/// One stream from its request to its end.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) gateway: usize,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
    pub(crate) token: Vec<u8>,
    pub(crate) refused: Option<Status>,
    pub(crate) seen: Vec<Seen>,
    /// When the client left, or was told the status.
    pub(crate) ended: Instant,
    pub(crate) status: Option<Status>,
}

/// All that one client saw.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) temper: Temper,
    pub(crate) feed: Feed,
    pub(crate) streams: Vec<Opened>,
}

/// What a client is to do.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) temper: Temper,
    pub(crate) feed: Feed,
    pub(crate) gateways: Vec<Gateway>,
    /// The gateway to begin with.
    pub(crate) gateway: usize,
    pub(crate) seed: u64,
    /// From when on nobody pauses or leaves any more.
    pub(crate) quiet_from: Instant,
    pub(crate) until: Instant,
}

struct Reader {
    orders: Orders,
    rng: ChaCha8Rng,
    held: Held,
}

/// What a reader does after an event.
enum Whim {
    GoOn,
    Pause(Duration),
    Leave { away: Duration, to: usize },
}

/// Follows a feed until the time is over.
pub(crate) async fn follow(orders: Orders) -> Recording {
    let (temper, feed) = (orders.temper, orders.feed);
    let mut reader = Reader {
        rng: ChaCha8Rng::seed_from_u64(orders.seed),
        held: Held::default(),
        orders,
    };
    let mut streams = Vec::new();
    let mut gateway = reader.orders.gateway;
    while Instant::now() < reader.orders.until {
        let (opened, wait, next) = reader.stream(gateway).await;
        streams.push(opened);
        gateway = next;
        let deadline = reader.orders.until;
        let _ = timeout_at(deadline, sleep(wait)).await;
    }
    Recording {
        temper,
        feed,
        streams,
    }
}

impl Reader {
    /// One stream: what was seen, how long to stay away, and where to go then.
    async fn stream(&mut self, gateway: usize) -> (Opened, Duration, usize) {
        let Feed { customer, .. } = self.orders.feed;
        let token = self.held.token.clone();
        let asked = Instant::now();
        let mut request = resume(customer, &token);
        request.product_ids = self.orders.feed.product_ids();
        let stream = self.orders.gateways[gateway].open(request).await;
        let mut opened = Opened {
            gateway,
            asked,
            answered: Instant::now(),
            token,
            refused: None,
            seen: Vec::new(),
            ended: Instant::now(),
            status: None,
        };
        self.held.reconnect();
        let (wait, next) = match stream {
            Err(status) => {
                opened.refused = Some(status);
                (Duration::from_secs(1), gateway)
            }
            Ok(stream) => self.read(stream, gateway, &mut opened).await,
        };
        opened.ended = Instant::now();
        (opened, wait, next)
    }

    async fn read(&mut self, mut stream: Stream, gateway: usize, opened: &mut Opened) -> (Duration, usize) {
        loop {
            let next = timeout_at(self.orders.until, stream.next()).await;
            let event = match next {
                Err(_) => return (Duration::ZERO, gateway),
                Ok(Next::End(status)) => {
                    let refused = status.code() != tonic::Code::Ok;
                    opened.status = Some(status);
                    return (Duration::from_secs(u64::from(refused)), gateway);
                }
                // Held no longer than a client's buffer is: the gateway's own memory is measured by its frames.
                Ok(Next::Event(event)) => *event,
            };
            self.held.apply(&event);
            let at = Instant::now();
            opened.seen.push(Seen { at, event });
            if stream.has_more() {
                continue;
            }
            match self.whim(opened.seen.len()) {
                Whim::GoOn => {}
                Whim::Pause(pause) => sleep_until((at + pause).min(self.orders.quiet_from)).await,
                Whim::Leave { away, to } => return (away, to),
            }
        }
    }

    fn whim(&mut self, seen: usize) -> Whim {
        let quiet = Instant::now() >= self.orders.quiet_from;
        let away = |rng: &mut ChaCha8Rng, most: u64| Duration::from_millis(rng.random_range(0..most));
        match self.orders.temper {
            // It never comes back: what it holds of the gateway, it holds to the end.
            Temper::Stuck if seen == 3 => Whim::Pause(Duration::from_secs(3600)),
            Temper::Prompt | Temper::Stuck => Whim::GoOn,
            Temper::Fickle if quiet => Whim::GoOn,
            Temper::Fickle => match self.rng.random_range(0..100) {
                0..60 => Whim::GoOn,
                60..82 => Whim::Pause(away(&mut self.rng, 12_000)),
                82..84 => Whim::Pause(away(&mut self.rng, 75_000)),
                _ => Whim::Leave {
                    away: away(&mut self.rng, 14_000),
                    to: self.rng.random_range(0..self.orders.gateways.len()),
                },
            },
        }
    }
}
