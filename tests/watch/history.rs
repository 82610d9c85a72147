//! Generated histories: a world that changes, an upstream with faults, gateways, and clients of every temper.
//!
//! Everything is drawn from the history's seed and runs in paused time, so a history that breaks a law breaks it
//! again: `WATCH_SEED=17 cargo test --test watch` runs it alone, `WATCH_HISTORIES=500` runs more than every
//! change has to wait for.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use portico::watch::Params;
use portico::wire::{ActiveCall, ExtensionStatus};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::gateway::{Gateway, even};
use super::recorder::{Orders, Recording, Temper, follow};
use super::scene::{Scene, Told, call, status};
use super::upstream::{Answer, Asked, Poll, Reply, Upstream};

/// How many histories the laws are held to, unless told otherwise.
const HISTORIES: u64 = 32;

/// For how long things happen, and for how long then nothing does.
const BUSY: Duration = Duration::from_secs(130);
const QUIET: Duration = Duration::from_secs(40);

const GATEWAYS: usize = 2;

/// A query, by what its rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) customer: i64,
    pub(crate) product: Option<i32>,
}

/// Two of one customer and one of another.
pub(crate) const FEEDS: [Feed; 3] = [
    Feed {
        customer: 1,
        product: None,
    },
    Feed {
        customer: 1,
        product: Some(11),
    },
    Feed {
        customer: 2,
        product: None,
    },
];

/// One history as it was.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) params: Params,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) until: Instant,
    /// The bytes of frames that each gateway then held for each feed that it had, while the stuck were still there.
    pub(crate) held: Vec<usize>,
    /// What was really so, by gateway and feed.
    polls: Vec<Vec<Vec<Poll>>>,
    /// Which of the polls are to be believed.
    believed: Vec<Vec<Vec<usize>>>,
    /// What the world was at the end, by feed.
    last: Vec<Told>,
}

/// Every history, run once for all laws.
pub(crate) static HISTORIES_RUN: LazyLock<Vec<History>> = LazyLock::new(|| {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().expect("WATCH_SEED and WATCH_HISTORIES are numbers"))
    };
    let seeds: Vec<u64> = match number("WATCH_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WATCH_HISTORIES").unwrap_or(HISTORIES)).collect(),
    };
    let half = seeds.len().div_ceil(2);
    std::thread::scope(|scope| {
        let runs: Vec<_> = seeds
            .chunks(half)
            .map(|seeds| scope.spawn(|| seeds.iter().copied().map(run).collect::<Vec<_>>()))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().expect("a history runs to its end"))
            .collect()
    })
});

// === impl Feed ===

impl Feed {
    pub(crate) fn product_ids(self) -> Vec<String> {
        self.product.iter().map(ToString::to_string).collect()
    }

    /// What every row of the feed says of where it is from.
    pub(crate) fn mark(self) -> String {
        format!("{}/{}", self.customer, self.product_ids().concat())
    }

    fn index(self) -> usize {
        let index = FEEDS.iter().position(|feed| *feed == self);
        index.expect("one of the feeds")
    }

    fn of(asked: &Asked) -> usize {
        let is_asked =
            |feed: &Feed| feed.customer == asked.customer && feed.product_ids().concat() == asked.products;
        FEEDS.iter().position(is_asked).expect("a feed that was watched")
    }
}

// === impl History ===

impl History {
    /// The polls of a feed by a gateway, one after another.
    pub(crate) fn polls(&self, gateway: usize, feed: Feed) -> &[Poll] {
        &self.polls[gateway][feed.index()]
    }

    /// What the upstream says of a feed after the quiet.
    pub(crate) fn last(&self, feed: Feed) -> &Told {
        &self.last[feed.index()]
    }

    /// The polls that are to be believed.
    pub(crate) fn believed(&self, gateway: usize, feed: Feed) -> impl Iterator<Item = &Poll> {
        let polls = self.polls(gateway, feed);
        self.believed[gateway][feed.index()]
            .iter()
            .map(|&index| &polls[index])
    }

    pub(crate) fn of_temper(&self, temper: Temper) -> impl Iterator<Item = &Recording> {
        self.recordings
            .iter()
            .filter(move |recording| recording.temper == temper)
    }

    pub(crate) fn stale_after(&self) -> Duration {
        let Params {
            interval,
            stale_intervals,
            stale_after,
            ..
        } = self.params;
        stale_after.max(interval * stale_intervals)
    }
}

/// What a feed is from a moment on.
type Timeline = Vec<(Duration, Scene)>;

fn run(seed: u64) -> History {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime without IO").block_on(history(seed))
}

async fn history(seed: u64) -> History {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let params = Params {
        ring_entries: [2, 5, 128][rng.random_range(0..3)],
        snapshot_part: [300, 256 * 1024][rng.random_range(0..2)],
        rotate_after: Duration::from_secs([47, 1800][rng.random_range(0..2)]),
        ..even()
    };
    let begun = Instant::now();
    let (quiet_from, until) = (begun + BUSY, begun + BUSY + QUIET);
    let timelines: Arc<Vec<Timeline>> = Arc::new(FEEDS.map(|feed| timeline(feed, &mut rng)).into());
    let gateways: Vec<_> = (0..GATEWAYS)
        .map(|_| {
            let upstream = upstream(rng.random(), begun, timelines.clone());
            Gateway::new(&upstream, params.clone())
        })
        .collect();

    let (mut readers, mut stuck) = (JoinSet::new(), JoinSet::new());
    let orders = |temper, gateway, feed, seed| Orders {
        temper,
        feed,
        gateways: gateways.clone(),
        gateway,
        seed,
        quiet_from,
        until,
    };
    for feed in FEEDS {
        for gateway in 0..GATEWAYS {
            readers.spawn(follow(orders(Temper::Prompt, gateway, feed, 0)));
            readers.spawn(follow(orders(Temper::Fickle, gateway, feed, rng.random())));
            let late = until + QUIET;
            stuck.spawn(follow(Orders {
                quiet_from: late,
                until: late,
                ..orders(Temper::Stuck, gateway, feed, 0)
            }));
        }
        readers.spawn(follow(orders(Temper::Fickle, 0, feed, rng.random())));
    }
    let mut recordings = readers.join_all().await;
    // While the stuck ones still hold whatever they hold.
    let infos = gateways.iter().flat_map(|gateway| gateway.hub.feeds());
    let held = infos.map(|feed| feed.memory.frames).collect();
    recordings.extend(stuck.join_all().await);
    let polls: Vec<Vec<_>> = gateways
        .iter()
        .map(|gateway| {
            let mut by_feed = vec![Vec::new(); FEEDS.len()];
            for poll in gateway.upstream.polls() {
                by_feed[Feed::of(&poll.asked)].push(poll);
            }
            by_feed
        })
        .collect();
    let believe = |feeds: &Vec<Vec<Poll>>| feeds.iter().map(|polls| believe(polls, &params)).collect();
    let believed = polls.iter().map(believe).collect();
    let last = timelines
        .iter()
        .map(|timeline| at(timeline, BUSY).told())
        .collect();
    History {
        seed,
        params,
        recordings,
        until,
        held,
        polls,
        believed,
        last,
    }
}

/// Which polls are to be believed: good ones, but a sudden emptiness only after it was seen twice in a row.
fn believe(polls: &[Poll], params: &Params) -> Vec<usize> {
    let (mut count, mut suspected) = (0, false);
    let mut believed = Vec::new();
    for (index, poll) in polls.iter().enumerate() {
        let Some(showed) = &poll.showed else {
            suspected = false;
            continue;
        };
        let calls = showed.calls.len();
        if calls == 0 && count >= params.confirm_empty && !suspected {
            suspected = true;
            continue;
        }
        (count, suspected) = (calls, false);
        believed.push(index);
    }
    believed
}

/// The life of one feed: calls come, change and go, now and then all at once.
fn timeline(feed: Feed, rng: &mut ChaCha8Rng) -> Timeline {
    let mut scene = Scene::default();
    for id in 0..rng.random_range(0..8) {
        scene.calls.push(row(id, feed, rng));
        scene.statuses.push(status_row(id, feed));
    }
    let (mut offset, mut next_id) = (Duration::ZERO, 100);
    let mut timeline = vec![(offset, scene.clone())];
    loop {
        offset += Duration::from_millis(match rng.random_range(0..20) {
            0 => rng.random_range(10_000..30_000),
            _ => rng.random_range(200..5_000),
        });
        if offset >= BUSY {
            return timeline;
        }
        for _ in 0..rng.random_range(1..4) {
            change(&mut scene, feed, &mut next_id, rng);
        }
        timeline.push((offset, scene.clone()));
    }
}

fn change(scene: &mut Scene, feed: Feed, next_id: &mut i32, rng: &mut ChaCha8Rng) {
    let Scene { calls, statuses } = scene;
    let pick = |rng: &mut ChaCha8Rng, len: usize| rng.random_range(0..len.max(1));
    let (some_call, some_status) = (pick(rng, calls.len()), pick(rng, statuses.len()));
    match rng.random_range(0..20) {
        0..5 => {
            calls.insert(some_call.min(calls.len()), row(*next_id, feed, rng));
            *next_id += 1;
        }
        5..9 if !calls.is_empty() => drop(calls.remove(some_call)),
        9..12 if !calls.is_empty() => calls[some_call].note = Some(rng.random_range(0..3).to_string()),
        // Exact duplicates, and rows in another order.
        12 if !calls.is_empty() => calls.push(calls[some_call].clone()),
        13 => calls.reverse(),
        14 if calls.len() > 1 => calls.clear(),
        15 => {
            statuses.push(status_row(*next_id, feed));
            *next_id += 1;
        }
        16 if !statuses.is_empty() => drop(statuses.remove(some_status)),
        _ if !statuses.is_empty() => statuses[some_status].active_call ^= true,
        _ => {}
    }
}

fn row(id: i32, feed: Feed, rng: &mut ChaCha8Rng) -> ActiveCall {
    ActiveCall {
        // The same ids in every feed: only their rows tell the feeds apart.
        i_customer: i32::try_from(feed.customer).expect("a small id"),
        product: Some(feed.mark()),
        ..call(id, ["", "a, \"b\"", "ü"][rng.random_range(0..3)])
    }
}

fn status_row(id: i32, feed: Feed) -> ExtensionStatus {
    ExtensionStatus {
        i_customer: i32::try_from(feed.customer).expect("a small id"),
        site_name: Some(feed.mark()),
        ..status(id)
    }
}

fn at(timeline: &Timeline, offset: Duration) -> Scene {
    let next = timeline.partition_point(|(from, _)| *from <= offset);
    let mut scene = timeline[next.saturating_sub(1)].1.clone();
    for call in &mut scene.calls {
        call.duration_mins = Some(format!("{:.2}", offset.as_secs_f64() / 60.0));
    }
    scene
}

/// An upstream over the world, with single faults and outages until the quiet.
fn upstream(seed: u64, begun: Instant, timelines: Arc<Vec<Timeline>>) -> Upstream {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut outages = Vec::new();
    for _ in 0..rng.random_range(0..3) {
        let from = Duration::from_millis(rng.random_range(0..130_000));
        let length = Duration::from_millis([8_000, 20_000, 75_000][rng.random_range(0..3)]);
        outages.push(from..from + length);
    }
    Upstream::scripted(move |asked| {
        let now = begun.elapsed();
        let outage = outages.iter().any(|outage| outage.contains(&now));
        let faulty = rng.random_bool(if outage { 0.97 } else { 0.08 });
        let after = Duration::from_millis(match rng.random_range(0..20) {
            0 => rng.random_range(500..4_000),
            _ => rng.random_range(1..200),
        });
        let timeline = &timelines[Feed::of(asked)];
        let scene = at(timeline, now + after);
        let fault = fault(&scene, timeline, now, &mut rng);
        if faulty && now + after < BUSY {
            Answer { after, reply: fault }
        } else {
            let reply = Reply::Scene(scene);
            Answer { after, reply }
        }
    })
}

fn fault(scene: &Scene, timeline: &Timeline, now: Duration, rng: &mut ChaCha8Rng) -> Reply {
    match rng.random_range(0..12) {
        0 => Reply::Status([500, 502, 503, 401][rng.random_range(0..4)]),
        1 => Reply::Status(429),
        2 => Reply::Hang,
        3 => Reply::Closed,
        4 => Reply::Html,
        5 => Reply::Empty,
        6 => Reply::Blank,
        7 => Reply::Cut(scene.clone(), rng.random_range(0..100)),
        8 => Reply::Renamed(scene.clone(), "lstportaActiveCalls"),
        // Stale: what was so a while ago.
        9 => Reply::Scene(at(timeline, now.saturating_sub(Duration::from_secs(12)))),
        // An emptiness that is none, with the extensions or without.
        10 => Reply::Scene(Scene {
            calls: Vec::new(),
            ..scene.clone()
        }),
        _ => Reply::Scene(Scene::default()),
    }
}
