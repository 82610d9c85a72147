//! A fixed limit of calls to the upstream beside adaptive ones, over one model of an upstream, all at the same time.
//!
//! The model has so many workers and a queue before them. It does all that it is asked for, also for callers who have left, if
//! not said otherwise, and is busy when its queue is long. Callers come at a steady rate, whatever becomes of them, and wait a second.
//!
//! `cargo bench --bench limit` prints one table for each kind of trouble ([ADR 18](../docs/adr/)).

#![allow(clippy::print_stdout, reason = "it prints tables")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::task::TaskTracker;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};
use tower_acc::{Aimd, ConcurrencyLimitLayer, Gradient2, Vegas};

const SECOND: Duration = Duration::from_secs(1);

/// How long callers wait.
const DEADLINE: Duration = SECOND;

/// How long a call takes a worker, give or take a half.
const WORK: Duration = Duration::from_millis(20);

/// With so many waiting it is busy.
const QUEUE: usize = 1_000;

/// The way to an upstream.
type Way = BoxCloneSyncService<(), (), &'static str>;

/// One kind of trouble: its name, the workers, and by the second the calls offered and how much slower work is.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    name: &'static str,
    workers: usize,
    offered: [u32; 9],
    slower: [u32; 9],
    /// One call in so many takes a second; 0 = none.
    long: usize,
    /// Whether it begins no work for callers who have left.
    stops: bool,
}

const TROUBLES: [Trouble; 6] = [
    Trouble {
        name: "half of what it can do (16 workers, 400 a second)",
        workers: 16,
        offered: [400; 9],
        slower: [1; 9],
        long: 0,
        stops: false,
    },
    Trouble {
        name: "it slows down tenfold for three seconds",
        workers: 16,
        offered: [400; 9],
        slower: [1, 1, 1, 10, 10, 10, 1, 1, 1],
        long: 0,
        stops: false,
    },
    Trouble {
        name: "twice what it can do",
        workers: 16,
        offered: [1_600; 9],
        slower: [1; 9],
        long: 0,
        stops: false,
    },
    Trouble {
        name: "twice what it can do, and it begins nothing for callers who have left",
        workers: 16,
        offered: [1_600; 9],
        slower: [1; 9],
        long: 0,
        stops: true,
    },
    Trouble {
        name: "one call in twenty takes a second (64 workers, 400 a second)",
        workers: 64,
        offered: [400; 9],
        slower: [1; 9],
        long: 20,
        stops: false,
    },
    Trouble {
        name: "a rush: 50, then 4,000 a second (256 workers)",
        workers: 256,
        offered: [50, 50, 50, 4_000, 4_000, 4_000, 50, 50, 50],
        slower: [1; 9],
        long: 0,
        stops: false,
    },
];

/// The model. Clones share it.
#[derive(Clone, Debug)]
struct Upstream {
    workers: Arc<Semaphore>,
    slower: Arc<AtomicU32>,
    begun: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    wasted: Arc<AtomicUsize>,
    trouble: Trouble,
    tasks: TaskTracker,
}

impl Upstream {
    fn new(trouble: Trouble) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(trouble.workers)),
            slower: Arc::new(AtomicU32::new(1)),
            begun: Arc::default(),
            under_way: Arc::default(),
            most: Arc::default(),
            wasted: Arc::default(),
            trouble,
            tasks: TaskTracker::new(),
        }
    }

    async fn call(self) -> Result<(), &'static str> {
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        if under_way > QUEUE {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            return Err("busy");
        }
        self.most.fetch_max(under_way, Ordering::Relaxed);
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        let (upstream, tasks) = (self.clone(), self.tasks.clone());
        tasks.spawn(async move {
            let worker = upstream.workers.acquire().await;
            if upstream.trouble.stops && tell.is_closed() {
                upstream.under_way.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            let long = upstream.trouble.long;
            let is_long = long > 0 && number.is_multiple_of(long);
            let work = if is_long { SECOND * 9 / 10 } else { WORK };
            let slower = upstream.slower.load(Ordering::Relaxed);
            sleep((work * slower).mul_f64(rand::random_range(0.5..1.5))).await;
            drop(worker);
            upstream.under_way.fetch_sub(1, Ordering::Relaxed);
            if tell.send(()).is_err() {
                upstream.wasted.fetch_add(1, Ordering::Relaxed);
            }
        });
        told.await.map_err(|_| "gone")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for trouble in TROUBLES {
            println!("\n## {}\n", trouble.name);
            println!("| limit | in time | p50 | p99 | most under way | work for nobody |");
            println!("| --- | --- | --- | --- | --- | --- |");
            let mut sides = JoinSet::new();
            for (order, limit) in ["256", "32", "Gradient2", "Vegas", "AIMD"]
                .into_iter()
                .enumerate()
            {
                sides.spawn(async move { (order, measure(trouble, limit).await) });
            }
            let mut rows = sides.join_all().await;
            rows.sort_unstable();
            for (_, row) in rows {
                println!("{row}");
            }
        }
    });
    Ok(())
}

/// The way through a limit of this name.
fn limited(limit: &str, upstream: &Upstream) -> Way {
    let upstream = upstream.clone();
    let inner = service_fn(move |()| upstream.clone().call());
    match limit.parse() {
        Ok(places) => over(GlobalConcurrencyLimitLayer::new(places), inner),
        Err(_) if limit == "Gradient2" => over(ConcurrencyLimitLayer::new(Gradient2::default()), inner),
        Err(_) if limit == "Vegas" => over(ConcurrencyLimitLayer::new(Vegas::default()), inner),
        Err(_) => over(ConcurrencyLimitLayer::new(Aimd::default()), inner),
    }
}

fn over<L, S>(layer: L, inner: S) -> Way
where
    L: tower::Layer<S>,
    L::Service: Service<(), Response = (), Error = &'static str> + Clone + Send + Sync + 'static,
    <L::Service as Service<()>>::Future: Send,
{
    BoxCloneSyncService::new(ServiceBuilder::new().layer(layer).service(inner))
}

/// Offers what the trouble says through the limit, and gives a row of the table.
async fn measure(trouble: Trouble, limit: &'static str) -> String {
    let upstream = Upstream::new(trouble);
    let way = limited(limit, &upstream);
    let mut calls = JoinSet::new();
    for (offered, slower) in trouble.offered.into_iter().zip(trouble.slower) {
        upstream.slower.store(slower, Ordering::Relaxed);
        let until = Instant::now() + SECOND;
        let mut ticks = interval(SECOND / offered);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while Instant::now() < until {
            ticks.tick().await;
            let way = way.clone();
            calls.spawn(async move {
                let asked = Instant::now();
                let answer = timeout(DEADLINE, way.oneshot(())).await;
                matches!(answer, Ok(Ok(()))).then(|| asked.elapsed())
            });
        }
    }
    let ended = calls.join_all().await;
    upstream.tasks.close();
    upstream.tasks.wait().await;
    row(limit, &ended, &upstream)
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn row(limit: &str, ended: &[Option<Duration>], upstream: &Upstream) -> String {
    let mut took: Vec<_> = ended.iter().flatten().collect();
    took.sort_unstable();
    let at = |share: usize| {
        let time = took.get((took.len() * share / 100).min(took.len().saturating_sub(1)));
        time.map_or("-".to_owned(), |time| format!("{} ms", time.as_millis()))
    };
    let in_time = 100.0 * took.len() as f64 / ended.len() as f64;
    let begun = upstream.begun.load(Ordering::Relaxed).max(1);
    let wasted = 100.0 * upstream.wasted.load(Ordering::Relaxed) as f64 / begun as f64;
    let most = upstream.most.load(Ordering::Relaxed);
    let (p50, p99) = (at(50), at(99));
    format!("| {limit} | {in_time:.1} % | {p50} | {p99} | {most} | {wasted:.1} % |")
}
