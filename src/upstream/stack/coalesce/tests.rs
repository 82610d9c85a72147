//! Coalescing over a function in the place of what is below. Time is paused.

use std::collections::HashMap;
use std::sync::Mutex;

use http::Request;
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};
use tower::service_fn;

use super::*;
use crate::upstream::stack::exchange;
use crate::upstream::value::Id;
use crate::upstream::{Kind, License, Transport};

const SECOND: Duration = Duration::from_secs(1);

trait Inner:
    Service<Exchange, Response = Response<Bytes>, Error = Error, Future: Send> + Clone + Send + 'static
{
}

impl<S> Inner for S where
    S: Service<Exchange, Response = Response<Bytes>, Error = Error, Future: Send> + Clone + Send + 'static
{
}

/// What is in flight below, by its number, and how it is answered.
#[derive(Clone, Default)]
struct Below(Arc<Mutex<HashMap<usize, Asked>>>, Arc<Mutex<usize>>);

struct Asked {
    deadline: Deadline,
    answer: oneshot::Sender<Result<Response<Bytes>, Error>>,
}

impl Below {
    fn service(&self) -> Coalesce<impl Inner> {
        let below = self.clone();
        let service = service_fn(move |exchange: Exchange| {
            let (answer, answered) = oneshot::channel();
            let mut number = below.1.lock().expect("whole");
            let asked = Asked {
                deadline: exchange.deadline,
                answer,
            };
            below.0.lock().expect("whole").insert(*number, asked);
            *number += 1;
            async move { answered.await.expect("it is answered") }
        });
        CoalesceLayer::new(Arc::new(Metrics::new(&crate::telemetry::metrics::nowhere()))).layer(service)
    }

    /// How many there have been.
    fn count(&self) -> usize {
        *self.1.lock().expect("whole")
    }

    /// Whether somebody still waits for this one.
    fn is_awaited(&self, number: usize) -> bool {
        let asked = self.0.lock().expect("whole");
        asked.get(&number).is_some_and(|asked| !asked.answer.is_closed())
    }

    fn answer(&self, number: usize, answer: Result<Response<Bytes>, Error>) {
        let asked = self.0.lock().expect("whole").remove(&number);
        // Nobody may want it any more.
        let _ = asked.expect("it was asked").answer.send(answer);
    }

    fn latest(&self, number: usize) -> Option<Instant> {
        self.0.lock().expect("whole")[&number].deadline.at()
    }
}

fn body(number: usize) -> Response<Bytes> {
    Response::new(Bytes::from(number.to_string()))
}

fn license(name: &str) -> License {
    License::parse(name, "x", Transport::Routes).expect("a licence")
}

fn read(i_customer: i64) -> Exchange {
    Exchange {
        request: Request::get(format!("http://porta/GetCustomerExtensions/x/{i_customer}.csv"))
            .body(Bytes::new())
            .expect("a request"),
        license: Some(license("a")),
        customer: Id::parse(i_customer).ok(),
        ..exchange(Lane::Call)
    }
}

fn within(time: Duration, exchange: Exchange) -> Exchange {
    Exchange {
        deadline: Deadline::from(Some(Instant::now() + time)),
        ..exchange
    }
}

fn change(i_customer: i64, effect: Effect) -> Exchange {
    Exchange {
        effect,
        ..read(i_customer)
    }
}

macro_rules! call {
    ($service:expr, $exchange:expr) => {
        task::spawn($service.clone().oneshot($exchange))
    };
}

#[tokio::test(start_paused = true)]
async fn identical_reads_in_flight_are_one_and_the_next_is_another() {
    let below = Below::default();
    let service = below.service();
    let (mut first, mut second) = (call!(service, read(1)), call!(service, read(1)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    assert_eq!(below.count(), 1);
    below.answer(0, Ok(body(0)));
    assert_eq!(assert_ready!(second.poll()).expect("an answer").body(), "0");
    // The first has not looked yet. What is asked now is asked after the answer.
    let mut third = call!(service, read(1));
    assert_pending!(third.poll());
    assert_eq!(below.count(), 2);
    assert_eq!(assert_ready!(first.poll()).expect("an answer").body(), "0");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_everybodys() {
    let below = Below::default();
    let service = below.service();
    let (mut first, mut second) = (call!(service, read(1)), call!(service, read(1)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    below.answer(0, Err(Error::Connect("refused".into())));
    for call in [&mut first, &mut second] {
        let error = assert_ready!(call.poll()).expect_err("no connection");
        assert_eq!(error.kind(), Kind::Unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_began_it_may_leave_and_the_last_one_ends_it() {
    let below = Below::default();
    let service = below.service();
    let (mut first, mut second, mut third) = (
        call!(service, read(1)),
        call!(service, read(1)),
        call!(service, read(1)),
    );
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    drop(first);
    below.answer(0, Ok(body(0)));
    assert!(second.is_woken() && third.is_woken(), "one of them moves it on");
    assert_eq!(assert_ready!(second.poll()).expect("an answer").body(), "0");
    drop(third);

    let (mut fourth, mut fifth) = (call!(service, read(1)), call!(service, read(1)));
    assert_pending!(fourth.poll());
    assert_pending!(fifth.poll());
    drop(fifth);
    assert!(below.is_awaited(1));
    drop(fourth);
    assert!(!below.is_awaited(1));
    assert_eq!(service.flights.count(), 0, "nothing is kept of it");
}

#[tokio::test(start_paused = true)]
async fn other_questions_licences_and_askers_share_nothing() {
    let below = Below::default();
    let service = below.service();
    let other_license = Exchange {
        license: Some(license("b")),
        ..read(1)
    };
    let other_body = Exchange {
        request: Request::get(read(1).request.uri())
            .body(Bytes::from_static(b"x"))
            .expect("a request"),
        ..read(1)
    };
    let alone = Exchange {
        lane: Lane::Change,
        ..read(1)
    };
    let poll = Exchange {
        lane: Lane::Poll,
        ..read(1)
    };
    let mut calls: Vec<_> = [
        read(1),
        read(2),
        other_license,
        other_body,
        alone.clone(),
        alone,
        poll.clone(),
        poll,
    ]
    .map(|exchange| call!(service, exchange))
    .into();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    assert_eq!(below.count(), calls.len());
}

#[tokio::test(start_paused = true)]
async fn each_waits_until_their_own_deadline_and_the_call_until_the_latest() {
    let below = Below::default();
    let service = below.service();
    let started = Instant::now();
    let mut first = call!(service, within(SECOND, read(1)));
    assert_pending!(first.poll());
    let mut second = call!(service, within(3 * SECOND, read(1)));
    assert_pending!(second.poll());
    assert_eq!(below.latest(0), Some(started + 3 * SECOND));
    advance(SECOND).await;
    let error = assert_ready!(first.poll()).expect_err("its deadline");
    assert!(matches!(error, Error::DeadlinePassed { within } if within == SECOND));
    assert_pending!(second.poll());
    below.answer(0, Ok(body(0)));
    assert_ready!(second.poll()).expect("an answer");
    let mut expired = call!(service, within(Duration::ZERO, read(1)));
    let error = assert_ready!(expired.poll()).expect_err("no time");
    assert_eq!((error.kind(), below.count()), (Kind::Expired, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_what_was_asked_before_a_change_that_they_may_know_of() {
    for effect in [Effect::Add, Effect::Change] {
        let below = Below::default();
        let service = below.service();
        let mut before = call!(service, read(1));
        assert_pending!(before.poll());
        let mut other = call!(service, read(2));
        assert_pending!(other.poll());
        let mut changing = call!(service, change(1, effect));
        assert_pending!(changing.poll());
        let mut meanwhile = call!(service, read(1));
        assert_pending!(meanwhile.poll());
        assert_eq!(
            below.count(),
            4,
            "{effect:?}: it does not join what was asked before the change"
        );
        below.answer(2, Ok(body(2)));
        assert_ready!(changing.poll()).expect("an answer");
        let mut after = call!(service, read(1));
        assert_pending!(after.poll());
        assert_eq!(
            below.count(),
            5,
            "{effect:?}: it does not join what was asked during the change"
        );
        let mut of_other = call!(service, read(2));
        assert_pending!(of_other.poll());
        assert_eq!(below.count(), 5, "{effect:?}: others are not concerned");
        below.answer(0, Ok(body(0)));
        assert_eq!(assert_ready!(before.poll()).expect("an answer").body(), "0");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_given_up_may_happen_as_well() {
    let below = Below::default();
    let service = below.service();
    let mut changing = call!(service, change(1, Effect::Add));
    assert_pending!(changing.poll());
    let mut meanwhile = call!(service, read(1));
    assert_pending!(meanwhile.poll());
    drop(changing);
    let mut after = call!(service, read(1));
    assert_pending!(after.poll());
    assert_eq!(below.count(), 3);
}

#[test]
fn nothing_shows_the_question() {
    let flights: Flights<()> = Flights::default();
    assert_eq!(format!("{flights:?}"), "Flights { .. }");
}

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody asks about a customer, and waits for so long.
    Ask(i64, u64),
    /// So many callers ago one leaves.
    Leave(usize),
    /// What is below answers the oldest that is in flight.
    Answer,
    /// Somebody changes a customer, in one step.
    Change(i64),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (1..3_i64, 1..4_000_u64).prop_map(|(customer, wait)| Step::Ask(customer, wait)),
        1 => (0..6_usize).prop_map(Step::Leave),
        2 => Just(Step::Answer),
        1 => (1..3_i64).prop_map(Step::Change),
        1 => (0..1_500_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    /// Each flight below is numbered, and its answer is its number: so it is known who was told what was asked when.
    #[test]
    fn whoever_asks_hears_of_a_time_after_the_last_change_and_no_call_outlives_its_callers(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let below = Below::default();
            let service = below.service();
            // Callers with the customer, the first flight that they may hear of, and how long they wait.
            let mut callers = Vec::new();
            let mut open: HashMap<usize, i64> = HashMap::new();
            let mut first_after_change: HashMap<i64, usize> = HashMap::new();
            for step in steps {
                match step {
                    Step::Ask(customer, wait) => {
                        let before = below.count();
                        let until = Instant::now() + Duration::from_millis(wait);
                        let mut call = call!(service, within(Duration::from_millis(wait), read(customer)));
                        assert_pending!(call.poll());
                        if below.count() > before {
                            let since = first_after_change.get(&customer).copied().unwrap_or(0);
                            let joinable = open
                                .iter()
                                .any(|(number, of)| *of == customer && *number >= since && below.is_awaited(*number));
                            assert!(!joinable, "there was one to join");
                            open.insert(before, customer);
                        }
                        let since = first_after_change.get(&customer).copied().unwrap_or(0);
                        callers.push((customer, since, until, call));
                    }
                    Step::Leave(ago) if ago < callers.len() => drop(callers.remove(callers.len() - 1 - ago)),
                    Step::Leave(_) => {}
                    Step::Answer => {
                        if let Some(number) = open.keys().min().copied() {
                            open.remove(&number);
                            below.answer(number, Ok(body(number)));
                        }
                    }
                    Step::Change(customer) => {
                        let number = below.count();
                        let mut changing = call!(service, change(customer, Effect::Change));
                        assert_pending!(changing.poll());
                        below.answer(number, Ok(body(number)));
                        assert_ready!(changing.poll()).expect("an answer");
                        first_after_change.insert(customer, number + 1);
                    }
                    Step::Wait(ms) => advance(Duration::from_millis(ms)).await,
                }
                // Whoever was woken looks.
                let now = Instant::now();
                callers.retain_mut(|(_, since, until, call)| {
                    if !call.is_woken() {
                        assert!(now < *until, "it waits beyond its deadline");
                        return true;
                    }
                    match call.poll() {
                        Poll::Pending => true,
                        Poll::Ready(Ok(answer)) => {
                            let number: usize = std::str::from_utf8(answer.body()).expect("digits").parse().expect("a number");
                            assert!(number >= *since, "{number} was asked before the change");
                            false
                        }
                        Poll::Ready(Err(Error::DeadlinePassed { .. })) => {
                            assert!(now >= *until, "too early");
                            false
                        }
                        Poll::Ready(Err(other)) => panic!("{other}"),
                    }
                });
                if callers.is_empty() {
                    assert!(open.keys().all(|number| !below.is_awaited(*number)), "a call outlives its callers");
                    assert_eq!(service.flights.count(), 0, "a flight is kept");
                }
            }
        });
    }
}
